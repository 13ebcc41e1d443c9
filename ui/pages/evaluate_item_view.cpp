// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_item_view.h"

#include "core/data/pair_export.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/markdown_view.h"
#include "ui/style.h"

#include <QFrame>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>

#include <algorithm>

namespace mpo {

namespace {

const QString kRawKey = QStringLiteral("evaluate/raw"), kLastTurnKey = QStringLiteral("evaluate/lastTurnOnly");

MarkdownView* makeReader(const char* name, const QString& accessibleName)
{
    auto* reader = new MarkdownView;
    reader->setObjectName(QLatin1String(name));
    reader->setAccessibleName(accessibleName);
    reader->setFocusPolicy(Qt::NoFocus);
    return reader;
}

QFrame* makeReaderCard(QLayout* head, MarkdownView* reader)
{
    QFrame* card = makeCard();
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace / 2, kSpace / 2, kSpace / 2, kSpace / 2);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(reader, 1);
    return card;
}

QHBoxLayout* makeHead(QLabel* label)
{
    label->setTextFormat(Qt::PlainText);
    setRole(label, "group");
    label->setMinimumHeight(3 * kSpace);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(kSpace, 0, 0, 0);
    head->setSpacing(kSpace / 2);
    head->addWidget(label);
    head->addStretch();
    return head;
}

void showResponse(MarkdownView* reader, const std::string& response)
{
    if (const auto turns = turnsOfResponse(response); turns.size() > 1)
        reader->setTurns(turns);
    else
        reader->setText(toQString(response));
}

void scrollPages(MarkdownView* reader, int pages)
{
    reader->verticalScrollBar()->triggerAction(
        pages > 0 ? QAbstractSlider::SliderPageStepAdd : QAbstractSlider::SliderPageStepSub);
}

} // namespace

EvaluateItemView::EvaluateItemView(bool keys, QWidget* parent)
    : QWidget(parent)
    , m_leftHeading(new QLabel(tr("Left")))
    , m_rightHeading(new QLabel(tr("Right")))
    , m_promptHeading(new QLabel(tr("Prompt")))
    , m_prompt(makeReader("prompt", tr("Prompt")))
    , m_left(makeReader("leftResponse", tr("Left")))
    , m_right(makeReader("rightResponse", tr("Right")))
{
    for (MarkdownView* response : {m_left, m_right})
        response->setPlaceholderText(tr("An empty response"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(kSpace + kSpace / 2);
    grid->addWidget(makePromptCard(keys), 0, 0, 1, 2);
    grid->addWidget(makeReaderCard(makeHead(m_leftHeading), m_left), 1, 0);
    grid->addWidget(makeReaderCard(makeHead(m_rightHeading), m_right), 1, 1);
    grid->setRowStretch(1, 1); // the prompt takes what it needs (fitPrompt), the responses the rest
    grid->setColumnStretch(0, 1); // equal widths: neither side may look like the better one
    grid->setColumnStretch(1, 1);
}

QFrame* EvaluateItemView::makePromptCard(bool keys)
{
    const auto make = [&](const char* name, const QString& text, const char* key, const QString& tip) {
        auto* button = new QPushButton(keys ? QStringLiteral("%1   [%2]").arg(text, QLatin1String(key)) : text);
        button->setObjectName(QLatin1String(name));
        button->setCheckable(true);
        button->setFocusPolicy(Qt::NoFocus);
        button->setToolTip(tip);
        setRole(button, "quiet");
        return button;
    };
    m_earlier = make("lastTurnOnly", tr("Last turn only"), "T", tr("Hides the earlier turns of the dialogue"));
    m_raw = make("rawText", tr("Raw text"), "R",
        tr("Texts as they are, instead of rendered Markdown. Pictures and links are never loaded."));
    m_earlier->setChecked(QSettings().value(kLastTurnKey).toBool());
    m_raw->setChecked(QSettings().value(kRawKey).toBool());
    connect(m_earlier, &QPushButton::clicked, this, [this] {
        QSettings().setValue(kLastTurnKey, m_earlier->isChecked());
        apply();
    });
    connect(m_raw, &QPushButton::clicked, this, [this] {
        QSettings().setValue(kRawKey, m_raw->isChecked());
        apply();
    });
    QHBoxLayout* head = makeHead(m_promptHeading);
    head->addWidget(m_earlier);
    head->addWidget(m_raw);
    return makeReaderCard(head, m_prompt);
}

void EvaluateItemView::showItem(const EvaluationItemRow& item)
{
    PreferencePair pair;
    pair.prompt = item.prompt;
    m_turns = dialogueOf(std::move(pair)).turns;
    showResponse(m_left, item.left);
    showResponse(m_right, item.right);
    apply();
    for (MarkdownView* response : {m_left, m_right})
        response->verticalScrollBar()->setValue(0);
}

void EvaluateItemView::apply()
{
    const bool many = m_turns.size() > 1;
    m_earlier->setVisible(many);
    m_promptHeading->setText(many ? tr("Prompt, %1 turns").arg(m_turns.size()) : tr("Prompt"));
    for (MarkdownView* view : {m_prompt, m_left, m_right})
        view->setRaw(m_raw->isChecked());
    m_prompt->setTurns(many && m_earlier->isChecked() ? std::vector {m_turns.back()} : m_turns);
    fitPrompt();
}

void EvaluateItemView::toggleRaw() { m_raw->click(); }

void EvaluateItemView::toggleEarlierTurns()
{
    if (m_turns.size() > 1)
        m_earlier->click();
}

void EvaluateItemView::setHeadings(const QString& left, const QString& right)
{
    m_leftHeading->setText(left);
    m_rightHeading->setText(right);
    m_left->setAccessibleName(left);
    m_right->setAccessibleName(right);
}

void EvaluateItemView::scrollResponses(int pages)
{
    scrollPages(m_left, pages);
    scrollPages(m_right, pages);
}

void EvaluateItemView::scrollPrompt(int pages) { scrollPages(m_prompt, pages); }

void EvaluateItemView::fitPrompt()
{
    layout()->activate(); // the heights below must be of the present state
    // At least three tenths for a long prompt, and what short responses leave.
    const int headings = height() - m_prompt->height() - m_left->height();
    const int spare = height() - headings - std::max(m_left->wantedHeight(), m_right->wantedHeight());
    const int most = std::max({44, int(0.3 * height()), spare});
    m_prompt->setFixedHeight(std::clamp(m_prompt->wantedHeight(), 44, most));
    // A dialogue that does not fit is shown from its end: that is what the responses answer.
    m_prompt->verticalScrollBar()->setValue(m_prompt->verticalScrollBar()->maximum());
}

void EvaluateItemView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitPrompt();
}

} // namespace mpo
