// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/markdown_view.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QAbstractTextDocumentLayout>
#include <QEvent>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTextBlock>
#include <QTextDocumentFragment>
#include <QTextTable>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr QTextDocument::MarkdownFeatures kFeatures(
    int(QTextDocument::MarkdownDialectGitHub) | int(QTextDocument::MarkdownNoHTML));

/// Stands before a line that goes on in the same paragraph: Qt makes such a line a block like any other.
constexpr QChar kGoesOn(0x2060); // word joiner

/// Whether Markdown takes the line for text, not for a list, heading, quote, table, rule or fence.
bool isPlain(const QString& line)
{
    static const QRegularExpression other(
        QStringLiteral("^(#{1,6}\\s|>|[-*+]\\s|\\d+[.)]\\s|```|~~~|[-*_=\\s]+$)|\\|"));
    return !other.match(line).hasMatch();
}

/// With every line break outside of code made a break that Markdown keeps.
QString withHardBreaks(const QString& text)
{
    QStringList lines = text.split(QLatin1Char('\n'));
    QString fence; // that ends the block of code
    for (int i = 0; i < lines.size(); ++i) {
        const QString trimmed = lines[i].trimmed();
        if (trimmed.startsWith(QLatin1String("```")) || trimmed.startsWith(QLatin1String("~~~"))) {
            if (fence.isEmpty())
                fence = trimmed.left(3);
            else if (trimmed.startsWith(fence))
                fence.clear();
            continue;
        }
        const bool last = i + 1 == lines.size() || lines[i + 1].trimmed().isEmpty();
        if (fence.isEmpty() && !trimmed.isEmpty() && !last) {
            lines[i] += QStringLiteral("  ");
            QString& next = lines[i + 1];
            if (const QString words = next.trimmed(); isPlain(words))
                next.insert(next.indexOf(words), kGoesOn);
        }
    }
    return lines.join(QLatin1Char('\n'));
}

/// Loads nothing, from wherever: a view alone would be asked first only.
class ClosedDocument : public QTextDocument
{
public:
    using QTextDocument::QTextDocument;

protected:
    QVariant loadResource(int /*type*/, const QUrl& /*name*/) override { return {}; }
};

constexpr int kTitle = 1; ///< state of a block that says who speaks

bool isCode(const QTextBlockFormat& format)
{
    return format.hasProperty(QTextFormat::BlockCodeFence) || format.hasProperty(QTextFormat::BlockCodeLanguage)
        || format.nonBreakableLines();
}

QString titleOf(const std::string& role)
{
    return role == "user"     ? MarkdownView::tr("Human")
        : role == "assistant" ? MarkdownView::tr("Assistant")
        : role == "system"    ? MarkdownView::tr("System")
                              : MarkdownView::tr("Tool");
}

} // namespace

MarkdownView::MarkdownView(QWidget* parent)
    : QTextBrowser(parent)
{
    setDocument(new ClosedDocument(this));
    setReadOnly(true);
    setOpenLinks(false);
    setUndoRedoEnabled(false);
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    setRole(this, "reading");
    setStyleSheet(QStringLiteral("font-size: %1px").arg(kFontBase + 1)); // the style sheet overrules setFont
    document()->setDocumentMargin(kSpace);
}

void MarkdownView::setText(const QString& text) { setTurns({{"user", text.toStdString()}}); }

void MarkdownView::setTurns(const std::vector<ChatMessage>& turns)
{
    m_turns = turns;
    render();
}

void MarkdownView::setRaw(bool raw)
{
    if (std::exchange(m_raw, raw) != raw)
        render();
}

int MarkdownView::wantedHeight() const
{
    return int(std::ceil(document()->documentLayout()->documentSize().height())) + 2 * frameWidth();
}

void MarkdownView::changeEvent(QEvent* event)
{
    QTextBrowser::changeEvent(event);
    // Colours of a theme are in the rendered text.
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) && !m_rendering)
        render();
}

void MarkdownView::render()
{
    m_rendering = true;
    const int scrolled = verticalScrollBar()->value();
    clear();
    document()->setDefaultFont(font());
    if (m_turns.size() == 1 && m_turns.front().role == "user") {
        const QString text = toQString(m_turns.front().content).trimmed();
        if (m_raw)
            document()->setPlainText(text);
        else
            document()->setMarkdown(withHardBreaks(text), kFeatures);
    } else {
        renderDialogue();
    }
    tidy();
    verticalScrollBar()->setValue(scrolled);
    m_rendering = false;
}

void MarkdownView::renderDialogue()
{
    QTextCursor cursor(document());
    for (std::size_t i = 0; i < m_turns.size(); ++i) {
        QTextBlockFormat block;
        block.setTopMargin(i > 0 ? kSpace : 0);
        QTextCharFormat format;
        format.setForeground(colours().muted);
        format.setFontWeight(QFont::DemiBold);
        if (i > 0)
            cursor.insertBlock(block, format);
        cursor.insertText(titleOf(m_turns[i].role), format);
        QTextBlock(cursor.block()).setUserState(kTitle);
        cursor.insertBlock(QTextBlockFormat(), QTextCharFormat());
        const QString text = toQString(m_turns[i].content).trimmed();
        if (m_raw)
            cursor.insertText(text, QTextCharFormat());
        else
            cursor.insertFragment(QTextDocumentFragment::fromMarkdown(withHardBreaks(text), kFeatures));
        cursor.movePosition(QTextCursor::End);
    }
}

/// Room between paragraphs, lists, code and tables: Qt takes it from the font's size in points, and ours is in pixels.
void MarkdownView::spaceBlocks()
{
    const auto group = [](const QTextBlock& block) {
        return block.textList() ? 1 : isCode(block.blockFormat()) ? 2 : 0;
    };
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        const QTextBlock next = block.next();
        QTextCursor cursor(block);
        if (cursor.currentTable() || block.userState() == kTitle)
            continue;
        QTextBlockFormat format = block.blockFormat();
        const bool together = (group(block) != 0 && group(next) == group(block)) || next.text().startsWith(kGoesOn);
        format.setBottomMargin(together || !next.isValid() ? 0 : kSpace);
        cursor.setBlockFormat(format);
        if (block.text().startsWith(kGoesOn))
            cursor.deleteChar();
    }
    for (QTextFrame* frame : document()->rootFrame()->childFrames()) {
        auto* table = qobject_cast<QTextTable*>(frame);
        if (!table)
            continue;
        QTextTableFormat format = table->format();
        format.setBorderCollapse(true);
        format.setBorder(1);
        format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
        format.setBorderBrush(colours().border);
        format.setCellSpacing(0);
        format.setCellPadding(kSpace / 2);
        format.setTopMargin(kSpace / 2);
        format.setBottomMargin(kSpace / 2);
        table->setFormat(format);
    }
}

void MarkdownView::tidy()
{
    if (!m_raw)
        spaceBlocks();
    struct Picture
    {
        int at, length;
        QString text;
    };
    std::vector<Picture> pictures;
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        for (auto it = block.begin(); !it.atEnd(); ++it)
            if (const QTextCharFormat format = it.fragment().charFormat(); format.isImageFormat())
                pictures.push_back({it.fragment().position(), it.fragment().length(), format.toImageFormat().name()});
        QTextBlockFormat format = block.blockFormat();
        if (!isCode(format))
            continue;
        format.setNonBreakableLines(false); // long lines wrap
        format.setBackground(colours().raised);
        QTextCursor(block).setBlockFormat(format);
    }
    for (auto picture = pictures.rbegin(); picture != pictures.rend(); ++picture) {
        QTextCursor cursor(document());
        cursor.setPosition(picture->at);
        cursor.setPosition(picture->at + picture->length, QTextCursor::KeepAnchor);
        QTextCharFormat format;
        format.setForeground(colours().muted);
        cursor.insertText(tr("[picture: %1]").arg(picture->text), format);
    }
}

} // namespace mpo
