// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

class QLabel;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace mpo {

class EmptyState;
class EvaluateJudging;
class EvaluateNewSession;
class EvaluateResults;
class EvaluateSessionModel;

/// Blind side-by-side sessions: make one, judge it, close it, see who won.
class EvaluatePage : public Page
{
    Q_OBJECT
public:
    EvaluatePage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    void openSession(std::int64_t evaluation); ///< to judge it, or to its result when it is closed

    EvaluateJudging* judging() const { return m_judging; }
    EvaluateResults* results() const { return m_results; }

private:
    enum View { Empty, Sessions, New, Judging, Results };
    QWidget* makeSessions();
    void showView(View view);
    void showSessions();
    void openSelected();
    void updateOpenButton();

    QLabel* m_title = nullptr;
    QPushButton* m_new = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_emptyButton = nullptr;
    EvaluateSessionModel* m_sessions = nullptr;
    QTableView* m_table = nullptr;
    QPushButton* m_open = nullptr;
    EvaluateNewSession* m_form = nullptr;
    EvaluateJudging* m_judging = nullptr;
    EvaluateResults* m_results = nullptr;
    PageId m_emptyTarget = PageId::Models;
    bool m_haveModels = false;
    bool m_waiting = false; ///< for a session that was asked for
    bool m_answered = false; ///< it has come: the next CommandFinished is its own
};

} // namespace mpo
