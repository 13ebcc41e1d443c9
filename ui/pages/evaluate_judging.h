// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QElapsedTimer>
#include <QWidget>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace mpo {

class EmptyState;
class EvaluateCriteria;
class EvaluateItemView;
class EvaluateWho;

/// One session, item by item, as one annotator has them: the prompt, two responses in equal type, a key for every
/// verdict, and for what may be said beside it: votes on criteria, how much better, a comment, a flag. A verdict is on
/// disk before the next item is shown. Knows nothing about models, hidden repeats or gold items: it reads only what the
/// judge may see.
class EvaluateJudging : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateJudging(Project& project, QWidget* parent = nullptr);

    void open(const EvaluationRow& row, const QString& title); ///< asks who judges
    /// At the annotator's first item that is not judged; says why not where that is so. `share`: as joinAnnotator().
    void begin(const QString& annotator, int share = 0);
    std::int64_t evaluation() const { return m_row.id; }
    const QString& annotator() const { return m_annotator; }
    /// Position of the item shown in the session; empty: every item is judged.
    std::optional<std::size_t> current() const { return m_current; }

    void judge(Verdict verdict);
    void undo();
    void setPaused(bool paused); ///< hides the item and stops its time
    bool isPaused() const;

Q_SIGNALS:
    void left(); ///< back to the list
    void revealed(std::int64_t evaluation); ///< was closed

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    enum Place { Who, Item, Done, Paused };
    QWidget* makeHead();
    QWidget* makeWho();
    QWidget* makeItem();
    QWidget* makeDone();
    QWidget* makePaused();
    QWidget* makeConfirm();
    QPushButton* makeKeyButton(const char* name, const QString& text, const QString& keys);

    void advance(); ///< to the first item without a verdict; ties by rule are written on the way
    void showItem();
    void showProgress();
    void judgeSkipped();
    void askClose(bool asking);
    void closeSession();
    void leaveOrClose(); ///< what Enter does when all is judged
    bool othersAreJudging() const;
    double secondsSpent() const;
    bool write(std::size_t item, const Judgment& judgment);
    QWidget* makeStrengths();
    void chooseStrength(Strength strength); ///< again: none

    Project& m_project;
    EvaluationRow m_row; ///< its sources are not read
    QString m_annotator;
    std::vector<EvaluationItemRow> m_items; ///< the annotator's, in their order
    std::vector<std::size_t> m_history; ///< items judged by hand, oldest first: what undo goes back through
    std::optional<std::size_t> m_current;

    QElapsedTimer m_sinceShown;
    double m_secondsBefore = 0.0; ///< spent on the item before the view was hidden

    QLabel* m_title = nullptr;
    QLabel* m_progressText = nullptr;
    QProgressBar* m_progress = nullptr;
    QPushButton* m_close = nullptr;
    QPushButton* m_pause = nullptr;
    QWidget* m_confirm = nullptr;
    QLabel* m_confirmText = nullptr;
    QLabel* m_error = nullptr;
    QLabel* m_ruleNote = nullptr;
    QStackedWidget* m_stack = nullptr;
    EvaluateWho* m_who = nullptr;
    EvaluateItemView* m_item = nullptr;
    EvaluateCriteria* m_criteria = nullptr;
    QWidget* m_strengths = nullptr;
    std::array<QPushButton*, kStrengths.size()> m_strengthButtons {};
    QLineEdit* m_comment = nullptr;
    QPushButton* m_flag = nullptr;
    QPushButton* m_undo = nullptr;
    EmptyState* m_done = nullptr;
    QPushButton* m_again = nullptr;
    QPushButton* m_leave = nullptr;
    QPushButton* m_closeJudged = nullptr;
};

} // namespace mpo
