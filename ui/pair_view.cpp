// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pair_view.h"

#include "core/data/preference_pair.h"
#include "ui/format.h"
#include "ui/style.h"
#include "ui/word_diff.h"

#include <QAbstractTextDocumentLayout>
#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QSettings>
#include <QTextBrowser>
#include <QVBoxLayout>

#include <cmath>

namespace mpo {

namespace {

constexpr const char* kDifferences = "pairs/differences"; // of the user's settings
constexpr double kLeastCommon = 0.25; // below it nearly every word would be marked

QString idsText(const TokenIds& ids)
{
    QStringList numbers;
    for (const TokenId id : ids)
        numbers << QString::number(id);
    return numbers.join(QLatin1Char(' '));
}

/// Special tokens as marks between the text.
QString htmlOf(const TokenPreview::Part& part)
{
    const Colours& c = colours();
    QString html = QStringLiteral("<div style='white-space:pre-wrap'>");
    for (const TokenPreview::Piece& piece : part.pieces) {
        const QString text = toQString(piece.text).toHtmlEscaped();
        html += piece.special ? QStringLiteral("<span style='background:%1; color:%2'>&#8202;%3&#8202;</span>")
                                    .arg(c.raised.name(), c.accent.name(), text)
                              : text;
    }
    return html + QStringLiteral("</div>");
}

QTextBrowser* makeReader(QWidget* parent)
{
    auto* reader = new QTextBrowser(parent);
    setRole(reader, "reading");
    reader->setOpenLinks(false);
    reader->setAcceptRichText(false);
    reader->document()->setDocumentMargin(0);
    reader->setTabChangesFocus(true);
    return reader;
}

void mark(QTextBrowser* reader, const std::vector<TextSpan>& spans, QColor colour)
{
    constexpr int kAlpha = 56;
    colour.setAlpha(kAlpha);
    QList<QTextEdit::ExtraSelection> selections;
    for (const TextSpan& span : spans) {
        QTextEdit::ExtraSelection selection;
        selection.cursor = QTextCursor(reader->document());
        selection.cursor.setPosition(int(span.first));
        selection.cursor.setPosition(int(span.first + span.length), QTextCursor::KeepAnchor);
        selection.format.setBackground(colour);
        selections << selection;
    }
    reader->setExtraSelections(selections);
}

QFrame* makeColumn(const QString& title, QTextBrowser* reader, QWidget* parent, QLabel** label, QWidget* tool = nullptr)
{
    QFrame* card = makeCard(parent);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(2 * kSpace, kSpace, kSpace, kSpace);
    layout->setSpacing(kSpace / 2);
    auto* heading = new QLabel(title, card);
    setRole(heading, "group");
    auto* head = new QHBoxLayout;
    head->addWidget(heading, 1);
    if (tool)
        head->addWidget(tool);
    layout->addLayout(head);
    reader->setAccessibleName(title);
    layout->addWidget(reader, 1);
    *label = heading;
    return card;
}

} // namespace

PairView::PairView(QWidget* parent)
    : QWidget(parent)
    , m_note(new QLabel(this))
    , m_empty(makeHint({}, this))
    , m_body(new QWidget(this))
{
    m_prompt = makeReader(m_body);
    m_chosen = makeReader(m_body);
    m_rejected = makeReader(m_body);
    m_differences = new QCheckBox(tr("Differences"));
    m_differences->setToolTip(tr("Mark the words that tell chosen and rejected apart, where they have much in common"));
    m_differences->setChecked(QSettings().value(QLatin1String(kDifferences), true).toBool());
    connect(m_differences, &QCheckBox::toggled, this, [this](bool on) {
        QSettings().setValue(QLatin1String(kDifferences), on);
        markDifferences();
    });

    auto* sides = new QHBoxLayout;
    sides->setSpacing(kSpace);
    sides->addWidget(makeColumn(tr("Chosen"), m_chosen, m_body, &m_headings[1]));
    sides->addWidget(makeColumn(tr("Rejected"), m_rejected, m_body, &m_headings[2]));
    auto* body = new QVBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(kSpace);
    auto* tools = new QWidget(m_body);
    m_tools = new QHBoxLayout(tools);
    m_tools->setContentsMargins(0, 0, 0, 0);
    m_tools->setSpacing(kSpace);
    m_tools->addWidget(m_differences);
    body->addWidget(makeColumn(tr("Prompt"), m_prompt, m_body, &m_headings[0], tools), 2);
    body->addLayout(sides, 3);

    connect(m_prompt->document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
        &PairView::fitPrompt);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    setRole(m_note, "hint");
    m_note->hide();
    m_empty->setAlignment(Qt::AlignCenter);
    layout->addWidget(m_note);
    layout->addWidget(m_body, 1);
    layout->addWidget(m_empty, 1);
    clear(tr("Choose a pair to read it."));
}

void PairView::setPair(const PreferencePair& pair)
{
    const bool ids = pair.hasIds() && pair.prompt.empty() && pair.chosen.empty();
    showTexts(ids ? idsText(pair.promptIds) : toQString(pair.prompt),
        ids ? idsText(pair.chosenIds) : toQString(pair.chosen),
        ids ? idsText(pair.rejectedIds) : toQString(pair.rejected));
}

void PairView::setTokens(const TokenPreview::Row& row)
{
    if (m_body->isHidden())
        return;
    m_tokens = row;
    const TokenPreview::Part* parts[] {&row.prompt, &row.chosen, &row.rejected};
    QTextBrowser* readers[] {m_prompt, m_chosen, m_rejected};
    for (int i = 0; i < 3; ++i) {
        readers[i]->setHtml(htmlOf(*parts[i]));
        setHeading(i, parts[i]->tokens);
    }
    m_differences->hide(); // of tokens nothing is marked
    markDifferences();
}

void PairView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange || !m_headings[0])
        return;
    if (m_tokens)
        setTokens(TokenPreview::Row(*m_tokens));
    else
        for (int part = 0; part < 3; ++part)
            setHeading(part, -1);
    markDifferences();
}

void PairView::setHeading(int part, std::int64_t tokens)
{
    const QString dot = QStringLiteral("<span style='color:%1'>●</span>&nbsp; ");
    QString text = part == 0 ? tr("Prompt")
        : part == 1          ? dot.arg(colours().chosen.name()) + tr("Chosen")
                             : dot.arg(colours().rejected.name()) + tr("Rejected");
    if (tokens >= 0)
        text += tokens == 1 ? tr(" · 1 token") : tr(" · %1 tokens").arg(formatCount(tokens));
    m_headings[part]->setText(text);
}

void PairView::setTools(QWidget* tools) { m_tools->insertWidget(0, tools); }

void PairView::setNote(const QString& note)
{
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
}

void PairView::clear(const QString& sentence)
{
    m_empty->setText(sentence);
    m_empty->show();
    m_body->hide();
    setNote({});
}

void PairView::showTexts(const QString& prompt, const QString& chosen, const QString& rejected)
{
    m_tokens.reset();
    for (int part = 0; part < 3; ++part)
        setHeading(part, -1);
    // Dialogue data begins with blank lines that only cost room.
    m_prompt->setPlainText(prompt.trimmed());
    m_chosen->setPlainText(chosen.trimmed());
    m_rejected->setPlainText(rejected.trimmed());
    m_chosen->parentWidget()->setVisible(!chosen.isEmpty() || !rejected.isEmpty());
    m_rejected->parentWidget()->setVisible(!rejected.isEmpty());
    fitPrompt();
    m_differences->setVisible(!rejected.isEmpty());
    markDifferences();
    m_empty->hide();
    m_body->show();
}

void PairView::fitPrompt()
{
    QWidget* card = m_prompt->parentWidget();
    if (m_chosen->parentWidget()->isHidden()) {
        m_prompt->setMaximumHeight(QWIDGETSIZE_MAX);
        card->setMaximumHeight(QWIDGETSIZE_MAX);
        return;
    }
    const int least = 2 * m_prompt->fontMetrics().lineSpacing();
    m_prompt->setMaximumHeight(std::max(least, int(std::ceil(m_prompt->document()->size().height())) + 2));
    const QLayout* layout = card->layout();
    const QMargins margins = layout->contentsMargins();
    constexpr int kBorders = 2;
    card->setMaximumHeight(margins.top() + layout->itemAt(0)->sizeHint().height() + layout->spacing()
        + m_prompt->maximumHeight() + margins.bottom() + kBorders);
}

void PairView::markDifferences()
{
    WordDifference difference;
    if (m_differences->isChecked() && !m_tokens && !m_rejected->document()->isEmpty())
        difference = wordDifference(m_chosen->toPlainText(), m_rejected->toPlainText());
    if (difference.common < kLeastCommon)
        difference = {};
    mark(m_chosen, difference.left, colours().chosen);
    mark(m_rejected, difference.right, colours().rejected);
}

} // namespace mpo
