// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QElapsedTimer>
#include <QWidget>

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
class EvaluateItemView;

/// One session, item by item: the prompt, two responses in equal type, a key for every verdict. A verdict is on disk
/// before the next item is shown. Knows nothing about models: it reads only what the judge may see.
class EvaluateJudging : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateJudging(Project& project, QWidget* parent = nullptr);

    void open(std::int64_t evaluation, const QString& title); ///< at the first item that is not judged
    std::int64_t evaluation() const { return m_evaluation; }
    /// Position of the item shown in the session; empty: every item is judged.
    std::optional<std::size_t> current() const { return m_current; }

    void judge(Verdict verdict);
    void undo();

Q_SIGNALS:
    void left(); ///< back to the list
    void revealed(std::int64_t evaluation); ///< was closed

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeItem();
    QWidget* makeDone();
    QWidget* makeConfirm();
    QPushButton* makeKeyButton(const char* name, const QString& text, const QString& keys);

    void advance(); ///< to the first item without a verdict; ties by rule are written on the way
    void showItem();
    void showProgress();
    void judgeSkipped();
    void askClose(bool asking);
    void closeSession();
    double secondsSpent() const;
    bool write(std::size_t item, Verdict verdict, const QString& comment, double seconds);

    Project& m_project;
    std::int64_t m_evaluation = 0;
    std::vector<EvaluationItemRow> m_items;
    std::vector<std::size_t> m_history; ///< items judged by hand, oldest first: what undo goes back through
    std::optional<std::size_t> m_current;

    QElapsedTimer m_sinceShown;
    double m_secondsBefore = 0.0; ///< spent on the item before the view was hidden

    QLabel* m_title = nullptr;
    QLabel* m_progressText = nullptr;
    QProgressBar* m_progress = nullptr;
    QPushButton* m_close = nullptr;
    QWidget* m_confirm = nullptr;
    QLabel* m_confirmText = nullptr;
    QLabel* m_error = nullptr;
    QLabel* m_ruleNote = nullptr;
    QStackedWidget* m_stack = nullptr;
    EvaluateItemView* m_item = nullptr;
    QLineEdit* m_comment = nullptr;
    QPushButton* m_undo = nullptr;
    EmptyState* m_done = nullptr;
    QPushButton* m_again = nullptr;
};

} // namespace mpo
