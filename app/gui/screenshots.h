// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>

#include <filesystem>
#include <optional>

class QApplication;

/// `mpo-studio --screenshots DIR`: every page in its main states, light and dark, as DIR/PAGE-STATE-THEME.png.
struct ScreenshotOptions
{
    QString folder;
    QSize size; ///< of the window; empty: as it opens
    /// A copy of it is shown, so that it stays as it is. Empty: a project is made with the fast demo, and the pages are
    /// also shown while it is empty and while the demo trains.
    std::optional<std::filesystem::path> project;
};

/// Throws mpo::Error with a sentence.
void takeScreenshots(QApplication& application, const ScreenshotOptions& options);
