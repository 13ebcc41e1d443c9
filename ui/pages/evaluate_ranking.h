// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QTableWidget;

namespace mpo {

/// The sources of several closed sessions in one order, with the tests of all pairs after Holm.
class EvaluateRanking : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateRanking(Project& project, QWidget* parent = nullptr);

    void refresh(); ///< reads which sessions are closed; all of them are ranked until some are left out
    int sessions() const; ///< closed ones

private:
    void rank();

    Project& m_project;
    QListWidget* m_sessions = nullptr;
    QLabel* m_note = nullptr;
    QTableWidget* m_ratings = nullptr;
    QTableWidget* m_tests = nullptr;
};

} // namespace mpo
