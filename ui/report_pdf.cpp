// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report_pdf.h"

#include "core/evaluation/html_report.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "ui/format.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QFont>
#include <QImage>
#include <QPageSize>
#include <QPainter>
#include <QPalette>
#include <QPdfWriter>
#include <QSvgRenderer>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>
#include <QUrl>

#include <algorithm>

namespace mpo {

namespace {

constexpr int kWidest = 620; ///< of a figure, in the pixels of the document
constexpr int kBeside = 300; ///< of each of two that stand beside one another
constexpr double kSharpness = 2.5; ///< pixels of a picture to one of the document

/// The figure as a picture that the document holds: the text engine shows no SVG within a page.
std::string pictureOf(const ReportFigure& figure, int widest, QTextDocument& document, int& number)
{
    QSvgRenderer renderer(QByteArray::fromStdString(figure.svg));
    const double scale = std::min(1.0, double(widest) / std::max(1, renderer.defaultSize().width()));
    const QSize size(renderer.defaultSize() * scale);
    QImage image(size * kSharpness, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    renderer.render(&painter);
    painter.end();
    const QString name = QStringLiteral("figure:%1").arg(number++);
    document.addResource(QTextDocument::ImageResource, QUrl(name), image);
    return QStringLiteral("<img src=\"%1\" width=\"%2\" height=\"%3\"/>")
        .arg(name)
        .arg(size.width())
        .arg(size.height())
        .toStdString();
}

/// Small figures that follow one another stand in pairs.
void replaceFigures(std::vector<ReportBlock>& blocks, QTextDocument& document, int& number)
{
    const auto smallAt = [&](std::size_t i) {
        const auto* figure = i < blocks.size() ? std::get_if<ReportFigure>(&blocks[i]) : nullptr;
        return figure && figure->caption.empty()
            && QSvgRenderer(QByteArray::fromStdString(figure->svg)).defaultSize().width() <= kWidest * 3 / 4;
    };
    std::vector<ReportBlock> replaced;
    bool afterPair = false;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const auto* figure = std::get_if<ReportFigure>(&blocks[i]);
        if (!figure) {
            replaced.push_back(std::move(blocks[i]));
            afterPair = false;
            continue;
        }
        std::string pictures;
        if (smallAt(i) && smallAt(i + 1)) {
            pictures = pictureOf(*figure, kBeside, document, number) + " "
                + pictureOf(std::get<ReportFigure>(blocks[++i]), kBeside, document, number);
            replaced.push_back(ReportFigure {"<p>" + pictures + "</p>\n", {}});
            afterPair = true;
        } else {
            // The last of an odd number is no larger than the others.
            pictures = pictureOf(*figure, afterPair && smallAt(i) ? kBeside : kWidest, document, number);
            replaced.push_back(ReportFigure {"<p>" + pictures + "</p>\n", figure->caption});
        }
    }
    blocks = std::move(replaced);
}

/// Fits the document to pages of the writer, without a heading, or the words above a table, alone at the end of one.
void layOut(QTextDocument& document, QPdfWriter& writer, double footer)
{
    QAbstractTextDocumentLayout* layout = document.documentLayout();
    layout->setPaintDevice(&writer);
    document.setDocumentMargin(0);
    document.setPageSize(QSizeF(writer.width(), writer.height() - footer));
    const double height = document.pageSize().height();
    const auto pageOf = [&](const QTextBlock& block) {
        const QRectF place = layout->blockBoundingRect(block);
        return block.layout()->lineCount() > 0
            ? int((place.top() + block.layout()->lineAt(0).rect().bottom() - 1.0) / height)
            : int(place.top() / height);
    };
    // From the front: a break moves only what follows it.
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        QTextBlock next = block.next();
        while (next.isValid() && next.text().trimmed().isEmpty())
            next = next.next();
        const auto inTable = [](const QTextBlock& one) { return QTextCursor(one).currentTable() != nullptr; };
        const bool leads
            = next.isValid() && !inTable(block) && (block.blockFormat().headingLevel() > 0 || inTable(next));
        if (!leads || pageOf(next) == pageOf(block))
            continue;
        QTextBlockFormat format = block.blockFormat();
        format.setPageBreakPolicy(QTextFormat::PageBreak_AlwaysBefore);
        QTextCursor(block).setBlockFormat(format);
        document.markContentsDirty(
            0, document.characterCount()); // laid out in part, what follows may stay where it was
    }
}

void paintPages(const QTextDocument& document, QPdfWriter& writer, double footer)
{
    QPainter painter(&writer);
    QAbstractTextDocumentLayout::PaintContext context;
    context.palette.setColor(QPalette::Text, Qt::black);
    const QSizeF page = document.pageSize();
    painter.setFont(QFont(QStringLiteral("sans-serif"), 8));
    for (int i = 0, pages = document.pageCount(); i < pages; ++i) {
        if (i > 0)
            writer.newPage();
        painter.setPen(QColor(0x5f, 0x63, 0x68));
        painter.drawText(QRectF(0, page.height(), page.width(), footer), Qt::AlignRight | Qt::AlignBottom,
            QStringLiteral("%1 / %2").arg(i + 1).arg(pages));
        painter.save();
        context.clip = QRectF(QPointF(0, i * page.height()), page);
        painter.translate(0, -context.clip.top());
        painter.setClipRect(context.clip);
        document.documentLayout()->draw(&painter, context);
        painter.restore();
    }
}

} // namespace

void writeReportPdf(const HtmlReport& report, const std::filesystem::path& file)
{
    QTextDocument document;
    HtmlReport page = report;
    int number = 0;
    replaceFigures(page.introduction, document, number);
    for (ReportSection& section : page.sections)
        replaceFigures(section.blocks, document, number);
    QString html = toQString(htmlReport(page));
    // The page's own style is for browsers.
    const qsizetype from = html.indexOf(QLatin1String("<style>")), to = html.indexOf(QLatin1String("</style>"));
    if (from >= 0 && to > from)
        html.remove(from, to + 8 - from);
    document.setDefaultFont(QFont(QStringLiteral("sans-serif"), 9)); // in points: pixels would be those of the printer
    document.setDefaultStyleSheet(QStringLiteral(
        "h1 { font-size: 17pt; } h2 { font-size: 13pt; margin-top: 24px; } table { border-collapse: collapse; } "
        "td, th { padding: 2px 8px; border: 1px solid #d5d8dc; font-size: 8pt; } th { background: #f1f2f4; } "
        "p { font-size: 9pt; } caption { font-size: 8pt; } pre { font-size: 7pt; white-space: pre-wrap; "
        "background: #f1f2f4; }"));
    document.setHtml(html);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setTitle(toQString(report.title));
    writer.setCreator(QStringLiteral("MPO Studio"));
    writer.setPageMargins(QMarginsF(20, 18, 20, 15), QPageLayout::Millimeter);
    const double footer = writer.logicalDpiY() / 3.0;
    layOut(document, writer, footer);
    paintPages(document, writer, footer);
    if (bytes.isEmpty())
        fail("{}: the PDF could not be made", file.string());
    writeFileAtomically(file, {bytes.constData(), std::size_t(bytes.size())});
}

} // namespace mpo
