// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/win_rate_chart.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

namespace mpo {

WinRateChart::WinRateChart(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Win rate"));
}

void WinRateChart::setResult(const QString& nameA, const QString& nameB, const Tally& forA, const Interval& interval)
{
    m_nameA = nameA;
    m_nameB = nameB;
    m_tally = forA;
    m_interval = interval;
    update();
}

void WinRateChart::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(fontOfSize(kFontSmall));
    const double line = painter.fontMetrics().height();
    if (m_tally.total() == 0) {
        painter.setPen(c.muted);
        painter.drawText(rect(), Qt::AlignCenter, tr("Nothing was judged"));
        return;
    }
    const QRectF area = QRectF(rect()).adjusted(1.0, 0.0, -1.0, 0.0);
    const QColor colourA = c.series.value(0, c.accent), colourB = c.series.value(1, c.hard);

    // The bar, its names above the ends.
    const double half = area.width() / 2.0 - kSpace;
    const auto name = [&](const QString& text, double left, Qt::AlignmentFlag side, const QColor& colour) {
        painter.setFont(fontOfSize(kFontSmall, QFont::DemiBold));
        painter.setPen(colour);
        painter.drawText(QRectF(left, 0.0, half, line), int(side) | int(Qt::AlignVCenter),
            painter.fontMetrics().elidedText(text, Qt::ElideMiddle, int(half)));
        painter.setFont(fontOfSize(kFontSmall));
    };
    name(tr("%1 wins").arg(m_nameA), area.left(), Qt::AlignLeft, colourA);
    name(tr("%1 wins").arg(m_nameB), area.right() - half, Qt::AlignRight, colourB);
    const QRectF bar(area.left(), line + 6.0, area.width(), 30.0);
    QPainterPath rounded;
    rounded.addRoundedRect(bar, kRadius, kRadius);
    painter.save();
    painter.setClipPath(rounded);
    double x = bar.left();
    const auto segment = [&](std::int64_t count, const QColor& fill, const QColor& ink, const QString& text) {
        const double width = bar.width() * double(count) / double(m_tally.total());
        const QRectF box(x, bar.top(), width, bar.height());
        painter.fillRect(box.adjusted(x > bar.left() ? 1.0 : 0.0, 0.0, 0.0, 0.0), fill);
        if (painter.fontMetrics().horizontalAdvance(text) + 8.0 < width) {
            painter.setPen(ink);
            painter.drawText(box, Qt::AlignCenter, text);
        }
        x += width;
    };
    segment(m_tally.wins, colourA, c.onAccent, formatCount(m_tally.wins));
    segment(
        m_tally.ties, c.raised, c.text, m_tally.ties == 1 ? tr("1 tie") : tr("%1 ties").arg(formatCount(m_tally.ties)));
    segment(m_tally.losses, colourB, c.onAccent, formatCount(m_tally.losses));
    painter.restore();

    // The win rate with its interval.
    const QRectF scale(area.left(), bar.bottom() + 18.0, area.width(), 26.0);
    const double middle = scale.center().y(), rate = winRate(m_tally);
    const auto xOf = [&](double share) { return scale.left() + share * scale.width(); };
    painter.setPen(QPen(c.grid, 1.0));
    painter.drawLine(QPointF(scale.left(), middle), QPointF(scale.right(), middle));
    painter.setPen(QPen(c.muted, 1.0, Qt::DashLine));
    painter.drawLine(QPointF(xOf(0.5), scale.top() - 6.0), QPointF(xOf(0.5), scale.bottom() + 2.0));
    painter.setPen(QPen(colourA, 4.0, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(QPointF(xOf(m_interval.low), middle), QPointF(xOf(m_interval.high), middle));
    painter.setPen(QPen(c.surface, 2.0));
    painter.setBrush(colourA);
    painter.drawEllipse(QPointF(xOf(rate), middle), 7.0, 7.0);
    painter.setPen(c.muted);
    for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        const int side = share == 0.0 ? Qt::AlignLeft : share == 1.0 ? Qt::AlignRight : Qt::AlignHCenter;
        const double left = share == 0.0 ? scale.left() : share == 1.0 ? scale.right() - 60.0 : xOf(share) - 30.0;
        painter.drawText(QRectF(left, scale.bottom() + 4.0, 60.0, line), side | int(Qt::AlignTop),
            QStringLiteral("%1 %").arg(int(100.0 * share)));
    }
    painter.drawText(QRectF(scale.left(), scale.bottom() + 8.0 + line, scale.width(), line),
        Qt::AlignHCenter | Qt::AlignTop,
        painter.fontMetrics().elidedText(
            tr("Win rate of %1 (ties count half), 95 % interval").arg(m_nameA), Qt::ElideMiddle, int(scale.width())));
}

void WinRateChart::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace mpo
