// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QWidget>

#include <optional>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTimer;

namespace mpo {

/// Beside the curves: what a run is, the user's tags and note on it, and the button that deletes it.
class RunDetails : public QWidget
{
    Q_OBJECT
public:
    explicit RunDetails(Project& project, QWidget* parent = nullptr);

    void showRun(const RunRow& run, int chosen); ///< chosen: how many are, of which this is one
    void setDiskUse(std::uint64_t bytes);
    void saveNote(); ///< what is being typed

Q_SIGNALS:
    void tagsChanged(std::int64_t run, const std::vector<std::string>& tags); ///< stored
    void noteChanged(std::int64_t run, const std::string& note); ///< stored
    void deleteRequested();
    void failed(const QString& sentence);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void saveTags();

    Project& m_project;
    std::optional<RunRow> m_run;
    QLabel* m_title = nullptr;
    QLabel* m_lines = nullptr;
    QLabel* m_disk = nullptr;
    QLineEdit* m_tags = nullptr;
    QPlainTextEdit* m_note = nullptr;
    QPushButton* m_delete = nullptr;
    QTimer* m_noteTimer = nullptr;
};

} // namespace mpo
