// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_judging.h"

#include "core/engine/evaluation_report.h"
#include "ui/format.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/evaluate_criteria.h"
#include "ui/pages/evaluate_item_view.h"
#include "ui/pages/evaluate_result.h"
#include "ui/pages/evaluate_who.h"
#include "ui/style.h"

#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

EvaluateJudging::EvaluateJudging(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_error(new QLabel)
    , m_ruleNote(makeHint({}))
    , m_stack(new QStackedWidget)
{
    setFocusPolicy(Qt::StrongFocus);
    setRole(m_error, "error");
    m_error->setWordWrap(true);
    m_error->hide();
    m_ruleNote->setObjectName(QStringLiteral("ruleNote"));
    m_ruleNote->hide();
    m_stack->addWidget(makeWho()); // in the order of Place
    m_stack->addWidget(makeItem());
    m_stack->addWidget(makeDone());
    m_stack->addWidget(makePaused());

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHead());
    layout->addWidget(makeConfirm());
    layout->addWidget(m_error);
    layout->addWidget(m_ruleNote);
    layout->addWidget(m_stack, 1);
}

QWidget* EvaluateJudging::makeHead()
{
    auto* row = new QWidget;
    auto* back = new QPushButton(tr("‹ Sessions"));
    back->setObjectName(QStringLiteral("backToSessions"));
    back->setFocusPolicy(Qt::NoFocus);
    setRole(back, "quiet");
    m_title = makeHeading({});
    m_progressText = new QLabel;
    m_progressText->setObjectName(QStringLiteral("judgingProgress"));
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(160, 6);
    m_close = new QPushButton(tr("Close and reveal…"));
    m_close->setObjectName(QStringLiteral("closeSession"));
    m_close->setFocusPolicy(Qt::NoFocus);
    m_pause = new QPushButton(tr("Pause   [P]"));
    m_pause->setObjectName(QStringLiteral("pauseJudging"));
    m_pause->setFocusPolicy(Qt::NoFocus);
    m_pause->setToolTip(tr("Hides the item and stops its time"));
    setRole(m_pause, "quiet");
    connect(back, &QPushButton::clicked, this, &EvaluateJudging::left);
    connect(m_pause, &QPushButton::clicked, this, [this] { setPaused(true); });
    connect(m_close, &QPushButton::clicked, this, [this] { askClose(true); });
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(back);
    layout->addWidget(m_title);
    layout->addStretch();
    layout->addWidget(m_progressText);
    layout->addWidget(m_progress);
    layout->addWidget(m_pause);
    layout->addWidget(m_close);
    return row;
}

QWidget* EvaluateJudging::makeWho()
{
    auto* page = new QWidget;
    m_who = new EvaluateWho(m_project);
    m_who->setFixedWidth(520);
    connect(m_who, &EvaluateWho::chosen, this, &EvaluateJudging::begin);
    connect(m_who, &EvaluateWho::left, this, &EvaluateJudging::left);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    auto* middle = new QHBoxLayout; // no alignment: that would not give wrapped text its height
    middle->addStretch();
    middle->addWidget(m_who);
    middle->addStretch();
    layout->addStretch(2);
    layout->addLayout(middle);
    layout->addStretch(3);
    return page;
}

QWidget* EvaluateJudging::makeConfirm()
{
    m_confirm = makeCard();
    m_confirmText = new QLabel;
    m_confirmText->setObjectName(QStringLiteral("confirmText"));
    m_confirmText->setWordWrap(true);
    auto* yes = new QPushButton(tr("Close and reveal   [Enter]"));
    auto* no = new QPushButton(tr("Keep judging   [Esc]"));
    yes->setObjectName(QStringLiteral("confirmClose"));
    no->setObjectName(QStringLiteral("keepJudging"));
    yes->setFocusPolicy(Qt::TabFocus);
    no->setFocusPolicy(Qt::TabFocus);
    setRole(yes, "primary");
    connect(yes, &QPushButton::clicked, this, &EvaluateJudging::closeSession);
    connect(no, &QPushButton::clicked, this, [this] { askClose(false); });
    auto* layout = new QHBoxLayout(m_confirm);
    layout->setContentsMargins(2 * kSpace, kSpace, kSpace, kSpace);
    layout->setSpacing(kSpace);
    layout->addWidget(m_confirmText, 1);
    layout->addWidget(no);
    layout->addWidget(yes);
    m_confirm->hide();
    return m_confirm;
}

QPushButton* EvaluateJudging::makeKeyButton(const char* name, const QString& text, const QString& keys)
{
    auto* button = new QPushButton(QStringLiteral("%1   [%2]").arg(text, keys));
    button->setObjectName(QLatin1String(name));
    button->setFocusPolicy(Qt::NoFocus); // Space skips, it does not press what was clicked last
    button->setMinimumHeight(4 * kSpace);
    return button;
}

QWidget* EvaluateJudging::makeItem()
{
    auto* page = new QWidget;
    m_item = new EvaluateItemView(true);
    QPushButton* left = makeKeyButton("judgeLeft", tr("Left is better"), tr("1 or ←"));
    QPushButton* right = makeKeyButton("judgeRight", tr("Right is better"), tr("2 or →"));
    QPushButton* tie = makeKeyButton("judgeTie", tr("Tie"), tr("0 or ↑"));
    QPushButton* bad = makeKeyButton("judgeBothBad", tr("Both bad"), tr("B"));
    QPushButton* skip = makeKeyButton("judgeSkip", tr("Skip"), tr("Space"));
    m_undo = makeKeyButton("judgeUndo", tr("Undo"), tr("Backspace"));
    m_flag = makeKeyButton("judgeFlag", tr("Flag"), tr("F"));
    m_flag->setCheckable(true);
    m_flag->setToolTip(tr("To be looked at later: a bad prompt, a leak ... Stored with the verdict, or with Skip."));
    m_criteria = new EvaluateCriteria;
    m_criteria->setToolTip(tr("Which response is better by each criterion, before the verdict on the whole"));
    for (QPushButton* quiet : {skip, m_undo})
        setRole(quiet, "quiet");
    m_comment = new QLineEdit;
    m_comment->setObjectName(QStringLiteral("comment"));
    m_comment->setPlaceholderText(tr("Comment on this item   [C]"));
    m_comment->setMaxLength(4000);
    m_comment->setFocusPolicy(Qt::ClickFocus);
    m_comment->setMinimumHeight(4 * kSpace);
    m_comment->installEventFilter(this);

    connect(left, &QPushButton::clicked, this, [this] { judge(Verdict::Left); });
    connect(right, &QPushButton::clicked, this, [this] { judge(Verdict::Right); });
    connect(tie, &QPushButton::clicked, this, [this] { judge(Verdict::Tie); });
    connect(bad, &QPushButton::clicked, this, [this] { judge(Verdict::BothBad); });
    connect(skip, &QPushButton::clicked, this, [this] { judge(Verdict::Skip); });
    connect(m_undo, &QPushButton::clicked, this, &EvaluateJudging::undo);

    auto* sides = new QHBoxLayout;
    sides->setSpacing(kSpace + kSpace / 2);
    sides->addWidget(left, 1);
    sides->addWidget(makeStrengths());
    sides->addWidget(right, 1);
    auto* more = new QHBoxLayout;
    more->setSpacing(kSpace);
    more->addWidget(tie, 1);
    more->addWidget(bad, 1);
    more->addWidget(m_comment, 2);
    more->addWidget(m_flag);
    more->addWidget(skip);
    more->addWidget(m_undo);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(m_item, 1);
    layout->addWidget(m_criteria);
    layout->addLayout(sides);
    layout->addLayout(more);
    return page;
}

QWidget* EvaluateJudging::makeStrengths()
{
    m_strengths = new QWidget;
    m_strengths->setToolTip(tr("How much better, before the verdict; it goes with left or right only"));
    auto* layout = new QHBoxLayout(m_strengths);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    const std::array texts {tr("Slightly"), tr("Clearly"), tr("Much")};
    const std::array keys {tr("3"), tr("4"), tr("5")};
    for (std::size_t i = 0; i < kStrengths.size(); ++i) {
        QPushButton* button = makeKeyButton("strength", texts[i], keys[i]);
        button->setObjectName(QStringLiteral("strength-") + toQString(strengthName(kStrengths[i])));
        button->setCheckable(true);
        connect(button, &QPushButton::clicked, this, [this, i] {
            m_strengthButtons[i]->toggle(); // the click has changed it already
            chooseStrength(kStrengths[i]);
        });
        layout->addWidget(button);
        m_strengthButtons[i] = button;
    }
    return m_strengths;
}

void EvaluateJudging::chooseStrength(Strength strength)
{
    for (std::size_t i = 0; i < kStrengths.size(); ++i)
        m_strengthButtons[i]->setChecked(kStrengths[i] == strength && !m_strengthButtons[i]->isChecked());
}

QWidget* EvaluateJudging::makeDone()
{
    m_done = new EmptyState;
    m_done->text()->setObjectName(QStringLiteral("doneText"));
    auto* undoLast = m_done->addButton(tr("Undo last   [Backspace]"));
    m_again = m_done->addButton(tr("Judge skipped items"));
    m_again->setObjectName(QStringLiteral("judgeSkipped"));
    m_closeJudged = m_done->addButton({});
    m_closeJudged->setObjectName(QStringLiteral("closeJudged"));
    m_leave = m_done->addButton(tr("Back to sessions   [Enter]"));
    m_leave->setObjectName(QStringLiteral("leaveJudged"));
    setRole(m_leave, "primary");
    for (QPushButton* button : {m_again, undoLast, m_closeJudged, m_leave})
        button->setFocusPolicy(Qt::TabFocus);
    connect(m_again, &QPushButton::clicked, this, &EvaluateJudging::judgeSkipped);
    connect(undoLast, &QPushButton::clicked, this, &EvaluateJudging::undo);
    connect(m_closeJudged, &QPushButton::clicked, this, [this] {
        if (othersAreJudging())
            askClose(true);
        else
            closeSession();
    });
    connect(m_leave, &QPushButton::clicked, this, &EvaluateJudging::left);
    return m_done;
}

QWidget* EvaluateJudging::makePaused()
{
    auto* paused = new EmptyState;
    paused->setTexts(tr("Paused"), tr("The item is hidden and its time stands still. What is judged is stored."));
    auto* leave = paused->addButton(tr("Back to sessions   [Esc]"));
    auto* goOn = paused->addButton(tr("Continue   [P]"));
    goOn->setObjectName(QStringLiteral("continueJudging"));
    setRole(goOn, "primary");
    for (QPushButton* button : {leave, goOn})
        button->setFocusPolicy(Qt::TabFocus);
    connect(leave, &QPushButton::clicked, this, &EvaluateJudging::left);
    connect(goOn, &QPushButton::clicked, this, [this] { setPaused(false); });
    return paused;
}

bool EvaluateJudging::isPaused() const { return m_stack->currentIndex() == Paused; }

void EvaluateJudging::setPaused(bool paused)
{
    if (paused == isPaused() || !m_current)
        return;
    m_stack->setCurrentIndex(paused ? Paused : Item);
    for (QWidget* widget : {static_cast<QWidget*>(m_pause), static_cast<QWidget*>(m_close)})
        widget->setVisible(!paused);
    if (paused) {
        askClose(false);
        m_close->hide();
        m_secondsBefore = secondsSpent();
        m_sinceShown.invalidate();
    } else {
        m_sinceShown.start();
    }
    setFocus();
}

// ---- judging

void EvaluateJudging::open(const EvaluationRow& row, const QString& title)
{
    m_row = row;
    m_title->setText(title);
    m_items.clear();
    m_history.clear();
    m_current.reset();
    for (QWidget* widget : {static_cast<QWidget*>(m_error), static_cast<QWidget*>(m_ruleNote), m_confirm,
             static_cast<QWidget*>(m_progressText), static_cast<QWidget*>(m_progress), static_cast<QWidget*>(m_pause),
             static_cast<QWidget*>(m_close)})
        widget->hide();
    m_criteria->setCriteria(criteriaOf(row.config));
    m_strengths->setVisible(asksStrength(row.config));
    m_who->open(row);
    m_stack->setCurrentIndex(Who);
}

void EvaluateJudging::begin(const QString& annotator, int share)
{
    try {
        joinAnnotator(m_project, m_row, annotator.toStdString(), share);
        m_items = m_project.evaluationItems(m_row.id, annotator.toStdString());
    } catch (const std::exception& error) {
        m_who->showError(toQString(error.what()));
        return;
    }
    m_annotator = annotator;
    m_history.clear();
    for (std::size_t i = 0; i < m_items.size(); ++i)
        if (m_items[i].verdict && !isIdentical(m_items[i]))
            m_history.push_back(i);
    m_progressText->show();
    m_progress->show();
    askClose(false);
    advance();
    setFocus();
}

void EvaluateJudging::advance()
{
    m_current.reset();
    std::int64_t byRule = 0;
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        if (isIdentical(m_items[i])) {
            ++byRule;
            if (!m_items[i].verdict
                && !write(i, {Verdict::Tie, tr("Identical responses: a tie by rule").toStdString()}))
                return;
        } else if (!m_items[i].verdict && !m_current) {
            m_current = i;
        }
    }
    m_ruleNote->setText(byRule == 1
            ? tr("1 item has identical responses: it counts as a tie by rule and is not shown.")
            : tr("%1 items have identical responses: they count as ties by rule and are not shown.").arg(byRule));
    m_ruleNote->setVisible(byRule > 0);
    showItem();
}

void EvaluateJudging::showItem()
{
    m_stack->setCurrentIndex(m_current ? Item : Done);
    m_comment->clear();
    if (m_current) {
        const EvaluationItemRow& item = m_items[*m_current];
        m_item->showItem(item);
        m_comment->setText(toQString(item.comment));
        m_flag->setChecked(item.flagged);
        m_criteria->setVotes(item.votes);
        for (std::size_t i = 0; i < kStrengths.size(); ++i)
            m_strengthButtons[i]->setChecked(item.strength == double(kStrengths[i]));
    }
    m_pause->setVisible(m_current.has_value());
    m_close->setVisible(m_current.has_value()); // the page that says that all is judged closes by itself
    m_secondsBefore = 0.0;
    m_sinceShown.start();
    showProgress();
}

void EvaluateJudging::showProgress()
{
    std::int64_t judged = 0, skipped = 0;
    double seconds = 0.0;
    for (const EvaluationItemRow& item : m_items) {
        judged += item.verdict ? 1 : 0;
        skipped += item.verdict == Verdict::Skip ? 1 : 0;
        seconds += item.verdict ? item.seconds : 0.0;
    }
    const auto items = std::int64_t(m_items.size());
    QString text = m_current ? tr("%1 of %2").arg(formatCount(qint64(*m_current) + 1), formatCount(items))
                             : tr("%1 of %2 judged").arg(formatCount(judged), formatCount(items));
    if (!m_annotator.isEmpty())
        text = m_annotator + QStringLiteral(" · ") + text;
    if (seconds >= 1.0)
        text += QStringLiteral(" · ") + formatDuration(seconds);
    m_progressText->setText(text);
    m_progressText->setToolTip(tr("Who judges, the item, and the time spent on those judged"));
    m_progress->setRange(0, int(std::max<std::int64_t>(1, items)));
    m_progress->setValue(int(judged));
    m_undo->setEnabled(!m_history.empty());
    if (m_current)
        return;
    const auto flagged
        = std::count_if(m_items.begin(), m_items.end(), [](const auto& item) { return item.verdict && item.flagged; });
    const bool others = othersAreJudging();
    m_again->setVisible(skipped > 0);
    m_leave->setVisible(others);
    m_closeJudged->setText(others ? tr("Close and reveal…") : tr("Close and reveal   [Enter]"));
    setRole(m_closeJudged, others ? "" : "primary");
    m_done->setTexts(
        m_annotator.isEmpty() ? tr("Every item is judged") : tr("%1, every item is judged").arg(m_annotator),
        (skipped > 0 ? tr("%1 of them skipped. ").arg(formatCount(skipped)) : QString())
            + (flagged > 0 ? tr("%1 flagged to be looked at later. ").arg(formatCount(qint64(flagged))) : QString())
            + (others ? tr("Others have not finished yet. Closing would end judging for them too, show the result and "
                           "which model was which.")
                      : tr("Closing shows the result and which model was which, and ends judging for good.")));
}

bool EvaluateJudging::othersAreJudging() const
{
    const std::vector<AnnotatorProgress> all = annotatorProgress(m_project, m_row);
    const auto finished
        = std::count_if(all.begin(), all.end(), [](const AnnotatorProgress& one) { return one.judged == one.items; });
    return finished < std::max(std::int64_t(all.size()), std::int64_t(overlapOf(m_row).annotators));
}

void EvaluateJudging::leaveOrClose()
{
    if (othersAreJudging())
        Q_EMIT left();
    else
        closeSession();
}

double EvaluateJudging::secondsSpent() const
{
    return m_secondsBefore + (m_sinceShown.isValid() ? double(m_sinceShown.elapsed()) / 1000.0 : 0.0);
}

bool EvaluateJudging::write(std::size_t item, const Judgment& judgment)
{
    EvaluationItemRow& row = m_items[item];
    try {
        m_project.judge(m_row.id, row.number, judgment, m_annotator.toStdString());
    } catch (const std::exception& error) {
        m_error->setText(tr("The verdict could not be stored, so the item stays: %1").arg(toQString(error.what())));
        m_error->show();
        return false;
    }
    m_error->hide();
    row.verdict = judgment.verdict;
    row.comment = judgment.comment;
    row.seconds = judgment.seconds;
    row.flagged = judgment.flagged;
    row.votes = judgment.votes;
    row.strength = judgment.strength;
    return true;
}

void EvaluateJudging::judge(Verdict verdict)
{
    if (!m_current || m_confirm->isVisibleTo(this))
        return;
    const std::size_t item = *m_current;
    Judgment judgment {
        verdict, m_comment->text().trimmed().toStdString(), secondsSpent(), m_flag->isChecked(), m_criteria->votes()};
    if (verdict == Verdict::Left || verdict == Verdict::Right)
        for (std::size_t i = 0; i < kStrengths.size(); ++i)
            if (m_strengthButtons[i]->isChecked())
                judgment.strength = double(kStrengths[i]);
    if (!write(item, judgment))
        return;
    m_history.push_back(item);
    setFocus();
    advance();
}

void EvaluateJudging::undo()
{
    if (m_history.empty() || m_confirm->isVisibleTo(this))
        return;
    const std::size_t item = m_history.back();
    try {
        m_project.undoJudgment(m_row.id, m_items[item].number, m_annotator.toStdString());
    } catch (const std::exception& error) {
        m_error->setText(toQString(error.what()));
        m_error->show();
        return;
    }
    m_history.pop_back();
    m_items[item].verdict.reset();
    m_current = item; // also when an earlier one is still open: undo shows what it undid
    showItem();
    setFocus();
}

void EvaluateJudging::judgeSkipped()
{
    try {
        for (std::size_t i = 0; i < m_items.size(); ++i)
            if (m_items[i].verdict == Verdict::Skip) {
                m_project.undoJudgment(m_row.id, m_items[i].number, m_annotator.toStdString());
                m_items[i].verdict.reset();
                std::erase(m_history, i);
            }
    } catch (const std::exception& error) {
        m_error->setText(toQString(error.what()));
        m_error->show();
    }
    advance();
    setFocus();
}

void EvaluateJudging::askClose(bool asking)
{
    if (asking) {
        QStringList who;
        for (const AnnotatorProgress& one : annotatorProgress(m_project, m_row))
            who << tr("%1: %2 of %3").arg(annotatorTitle(one.name), formatCount(one.judged), formatCount(one.items));
        m_confirmText->setText(
            tr("Judged so far: %1. Closing ends judging for everybody, for good, and names the models.")
                .arg(who.isEmpty() ? tr("nothing") : who.join(QStringLiteral(", "))));
    }
    m_confirm->setVisible(asking);
    m_close->setVisible(!asking && m_current);
    setFocus();
}

void EvaluateJudging::closeSession()
{
    try {
        m_project.closeEvaluation(m_row.id);
    } catch (const std::exception& error) {
        m_error->setText(toQString(error.what()));
        m_error->show();
        return;
    }
    Q_EMIT revealed(m_row.id);
}

// ---- keys and time

void EvaluateJudging::keyPressEvent(QKeyEvent* event)
{
    // A key that is held down must not judge the items that follow.
    if (event->isAutoRepeat() || event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) {
        QWidget::keyPressEvent(event);
        return;
    }
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (m_confirm->isVisibleTo(this)) {
        if (event->key() == Qt::Key_Escape)
            askClose(false);
        else if (enter)
            closeSession();
        return;
    }
    if (m_stack->currentIndex() == Who) {
        QWidget::keyPressEvent(event); // no verdicts before it is known whose
        return;
    }
    if (isPaused()) {
        if (enter || event->key() == Qt::Key_P)
            setPaused(false);
        else if (event->key() == Qt::Key_Escape)
            Q_EMIT left();
        return;
    }
    if (!m_current && enter) {
        leaveOrClose();
        return;
    }
    switch (event->key()) {
    case Qt::Key_1:
    case Qt::Key_Left:
        judge(Verdict::Left);
        break;
    case Qt::Key_2:
    case Qt::Key_Right:
        judge(Verdict::Right);
        break;
    case Qt::Key_0:
    case Qt::Key_Up:
        judge(Verdict::Tie);
        break;
    case Qt::Key_B:
        judge(Verdict::BothBad);
        break;
    case Qt::Key_Q:
        m_criteria->voteOnMarked(Verdict::Left);
        break;
    case Qt::Key_W:
        m_criteria->voteOnMarked(Verdict::Tie);
        break;
    case Qt::Key_E:
        m_criteria->voteOnMarked(Verdict::Right);
        break;
    case Qt::Key_Down:
        m_criteria->markNext();
        break;
    case Qt::Key_3:
    case Qt::Key_4:
    case Qt::Key_5:
        if (asksStrength(m_row.config))
            chooseStrength(kStrengths[std::size_t(event->key() - Qt::Key_3)]);
        break;
    case Qt::Key_P:
        setPaused(true);
        break;
    case Qt::Key_R:
        m_item->toggleRaw();
        break;
    case Qt::Key_T:
        m_item->toggleEarlierTurns();
        break;
    case Qt::Key_F:
        m_flag->toggle();
        break;
    case Qt::Key_Space:
        judge(Verdict::Skip);
        break;
    case Qt::Key_Backspace:
        undo();
        break;
    case Qt::Key_Escape:
        Q_EMIT left();
        break;
    case Qt::Key_C:
        if (m_current)
            m_comment->setFocus();
        break;
    case Qt::Key_PageDown:
    case Qt::Key_PageUp:
        if (const int pages = event->key() == Qt::Key_PageDown ? 1 : -1; event->modifiers().testFlag(Qt::ShiftModifier))
            m_item->scrollPrompt(pages);
        else
            m_item->scrollResponses(pages);
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

bool EvaluateJudging::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_comment && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Escape) {
            setFocus();
            return true;
        }
        // Keys that the line does not use would otherwise come up here as verdicts.
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown)
            return true;
    }
    return QWidget::eventFilter(watched, event);
}

void EvaluateJudging::showEvent(QShowEvent* event)
{
    if (!isPaused())
        m_sinceShown.start();
    if (m_stack->currentIndex() != Who)
        setFocus();
    QWidget::showEvent(event);
}

void EvaluateJudging::hideEvent(QHideEvent* event)
{
    m_secondsBefore = secondsSpent();
    m_sinceShown.invalidate();
    QWidget::hideEvent(event);
}

} // namespace mpo
