// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QObject>

#include <functional>
#include <optional>
#include <string>
#include <vector>

class QWidget;

namespace mpo {

/// Flips, drops and keeps pairs of a data set in its log of edits, with undo and redo (Ctrl+Z, Ctrl+Shift+Z on the
/// page), and says what came of it.
class SplitEditor : public QObject
{
    Q_OBJECT
public:
    SplitEditor(Project& project, QWidget* page);

    void setDataset(const std::string& name); ///< empty: none, then nothing can be edited
    void edit(PairEdit edit, const std::vector<std::int64_t>& pairs);
    void undo();
    void redo();

Q_SIGNALS:
    void changed(); ///< the log has another entry
    void message(const QString& sentence);

private:
    /// Carries out a change of the log and says what it comes to, or why not.
    void change(const std::function<std::optional<PairChange>()>& make);

    Project& m_project;
    std::string m_dataset;
};

} // namespace mpo
