// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_item_view.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QAbstractTextDocumentLayout>
#include <QFrame>
#include <QGridLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTextBlock>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

QPlainTextEdit* makeReader(const char* name)
{
    auto* reader = new QPlainTextEdit;
    reader->setObjectName(QLatin1String(name));
    reader->setReadOnly(true);
    reader->setFocusPolicy(Qt::NoFocus);
    reader->setUndoRedoEnabled(false);
    setRole(reader, "log"); // without a frame of its own: the card around it is one
    reader->setStyleSheet(QStringLiteral("font-size: %1px").arg(kFontBase + 1)); // the style sheet overrules setFont
    reader->document()->setDocumentMargin(kSpace);
    return reader;
}

QFrame* makeReaderCard(QLabel* label, QPlainTextEdit* reader)
{
    reader->setAccessibleName(label->text());
    QFrame* card = makeCard();
    label->setTextFormat(Qt::PlainText);
    setRole(label, "group");
    label->setContentsMargins(kSpace, 0, 0, 0);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace / 2, kSpace, kSpace / 2, kSpace / 2);
    layout->setSpacing(0);
    layout->addWidget(label);
    layout->addWidget(reader, 1);
    return card;
}

/// Height that shows all of the text without scrolling.
int wantedHeight(const QPlainTextEdit* reader)
{
    // The document of a plain text editor counts its height in lines, so the heights are added up here.
    const QTextDocument* document = reader->document();
    double height = document->documentMargin() + 2.0 * reader->frameWidth() + 2.0;
    for (QTextBlock block = document->begin(); block.isValid(); block = block.next())
        height += document->documentLayout()->blockBoundingRect(block).height();
    return int(std::ceil(height));
}

void scrollPages(QPlainTextEdit* reader, int pages)
{
    reader->verticalScrollBar()->triggerAction(
        pages > 0 ? QAbstractSlider::SliderPageStepAdd : QAbstractSlider::SliderPageStepSub);
}

} // namespace

EvaluateItemView::EvaluateItemView(QWidget* parent)
    : QWidget(parent)
    , m_leftHeading(new QLabel(tr("Left")))
    , m_rightHeading(new QLabel(tr("Right")))
    , m_prompt(makeReader("prompt"))
    , m_left(makeReader("leftResponse"))
    , m_right(makeReader("rightResponse"))
{
    for (QPlainTextEdit* response : {m_left, m_right})
        response->setPlaceholderText(tr("An empty response"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(kSpace + kSpace / 2);
    grid->addWidget(makeReaderCard(new QLabel(tr("Prompt")), m_prompt), 0, 0, 1, 2);
    grid->addWidget(makeReaderCard(m_leftHeading, m_left), 1, 0);
    grid->addWidget(makeReaderCard(m_rightHeading, m_right), 1, 1);
    grid->setRowStretch(1, 1); // the prompt takes what it needs (fitPrompt), the responses the rest
    grid->setColumnStretch(0, 1); // equal widths: neither side may look like the better one
    grid->setColumnStretch(1, 1);
}

void EvaluateItemView::showItem(const EvaluationItemRow& item)
{
    // Blank lines around a turn only cost room.
    m_prompt->setPlainText(toQString(item.prompt).trimmed());
    m_left->setPlainText(toQString(item.left).trimmed());
    m_right->setPlainText(toQString(item.right).trimmed());
    fitPrompt();
    for (QPlainTextEdit* response : {m_left, m_right})
        response->verticalScrollBar()->setValue(0);
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
    const int spare = height() - headings - std::max(wantedHeight(m_left), wantedHeight(m_right));
    const int most = std::max({44, int(0.3 * height()), spare});
    m_prompt->setFixedHeight(std::clamp(wantedHeight(m_prompt), 44, most));
    // A dialogue that does not fit is shown from its end: that is what the responses answer.
    m_prompt->verticalScrollBar()->setValue(m_prompt->verticalScrollBar()->maximum());
}

void EvaluateItemView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitPrompt();
}

} // namespace mpo
