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
class EvaluateJudgeForm;
class EvaluateJudging;
class EvaluateMerge;
class EvaluateNewSession;
class EvaluateResults;
class EvaluateSessionModel;
class Notice;

/// Blind side-by-side sessions: make one or take one in, judge it, add what others have judged, close it, see who won.
class EvaluatePage : public Page
{
    Q_OBJECT
public:
    EvaluatePage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    QJsonObject choices() const override;
    void restoreChoices(const QJsonObject& choices) override;
    void openSession(std::int64_t evaluation); ///< to judge it, or to its result when it is closed
    void importSession(const QString& file); ///< of another person
    void exportSession(const QString& file); ///< the chosen one, for another person

    EvaluateJudging* judging() const { return m_judging; }
    EvaluateResults* results() const { return m_results; }
    EvaluateJudgeForm* judgeForm() const { return m_judgeForm; }

private:
    enum View { Empty, Sessions, New, Judging, Results };
    QWidget* makeSessions();
    QWidget* makeEarly();
    const EvaluationRow* chosen() const; ///< null: none
    void choose(std::int64_t evaluation);
    void closePanels();
    void lookEarly();
    void showView(View view);
    void showSessions();
    void showCreated(); ///< the session to judge, or the list where something is to be said
    void openSelected();
    void updateOpenButton();

    QLabel* m_title = nullptr;
    QPushButton* m_new = nullptr;
    Notice* m_notice = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_emptyButton = nullptr;
    EvaluateSessionModel* m_sessions = nullptr;
    QTableView* m_table = nullptr;
    QPushButton* m_open = nullptr;
    QPushButton* m_import = nullptr;
    QPushButton* m_add = nullptr;
    QPushButton* m_share = nullptr;
    QPushButton* m_early = nullptr;
    QWidget* m_earlyPanel = nullptr;
    EvaluateMerge* m_merge = nullptr;
    QPushButton* m_judge = nullptr;
    EvaluateJudgeForm* m_judgeForm = nullptr;
    EvaluateNewSession* m_form = nullptr;
    EvaluateJudging* m_judging = nullptr;
    EvaluateResults* m_results = nullptr;
    PageId m_emptyTarget = PageId::Models;
    bool m_haveModels = false;
    std::int64_t m_opened = 0; ///< closed session whose result was opened last; 0: of a session that is still blind
    QJsonObject m_restored; ///< from the last time, until the page is first opened
    bool m_waiting = false; ///< for a session that was asked for
    std::vector<EvaluationCreated> m_created; ///< those that have come: then the next CommandFinished is its own
};

} // namespace mpo
