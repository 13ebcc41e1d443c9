// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QFrame>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace mpo {

/// Adds to an open session the judgments that another copy of it has: one in another project, or a session file.
class EvaluateMerge : public QFrame
{
    Q_OBJECT
public:
    explicit EvaluateMerge(Project& project, QWidget* parent = nullptr);

    void open(const EvaluationRow& row, const QString& title);
    void setSource(const QString& path); ///< folder of a project or session file

Q_SIGNALS:
    void closed();
    void merged(const QString& sentence);

private:
    void lookAtSource();
    void merge();

    Project& m_project;
    EvaluationRow m_row;
    QLabel* m_title = nullptr;
    QLineEdit* m_source = nullptr;
    QLabel* m_sessionLabel = nullptr;
    QComboBox* m_session = nullptr; ///< of the other project
    QLineEdit* m_annotator = nullptr;
    QLabel* m_error = nullptr;
    QPushButton* m_merge = nullptr;
};

} // namespace mpo
