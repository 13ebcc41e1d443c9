// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_length_view.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace mpo {

SplitLengthView::SplitLengthView(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Reward gap against length difference"));
}

void SplitLengthView::setData(std::shared_ptr<const SplitData> data, std::shared_ptr<const PairLengths> lengths)
{
    m_data = std::move(data);
    m_lengths = std::move(lengths);
    m_grid = DensityGrid(kColumns, kRows);
    if (m_data && m_lengths && m_data->index.size() > 0) {
        m_low = std::min(0.0, m_data->index.minimum());
        m_high = std::max(0.0, m_data->index.maximum());
        if (m_low == m_high)
            m_low = -0.5, m_high = 0.5;
        std::vector<std::int32_t> sizes;
        sizes.reserve(m_lengths->difference.size());
        for (const std::int64_t pair : m_data->index.order())
            sizes.push_back(std::abs(m_lengths->difference[std::size_t(pair)]));
        const auto most = sizes.begin() + std::ptrdiff_t(double(sizes.size() - 1) * 0.99);
        std::nth_element(sizes.begin(), most, sizes.end());
        m_reach = std::max(1, *most);
        for (const std::int64_t pair : m_data->index.order()) {
            const double x = (m_data->gaps[std::size_t(pair)] - m_low) / (m_high - m_low);
            const double y = 0.5 - 0.5 * double(m_lengths->difference[std::size_t(pair)]) / m_reach;
            m_grid.add(x, y);
        }
    }
    m_picture = m_grid.picture(colours().accent);
    update();
}

void SplitLengthView::setThreshold(double gap)
{
    m_threshold = gap;
    update();
}

void SplitLengthView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setFont(fontOfSize(kFontSmall));
    if (m_grid.highest() == 0) {
        painter.setPen(c.muted);
        painter.drawText(rect(), Qt::AlignCenter, m_data ? tr("Measuring lengths…") : tr("No scores yet"));
        return;
    }
    const int line = painter.fontMetrics().height();
    const QString top = QStringLiteral("+") + formatCount(qint64(m_reach)),
                  bottom = QChar(0x2212) + formatCount(qint64(m_reach));
    const double left = painter.fontMetrics().horizontalAdvance(top) + 12.0;
    const QRectF plot = QRectF(rect()).adjusted(left, line + 6.0, -10.0, -line - 8.0);
    painter.drawImage(plot, m_picture);
    painter.setPen(QPen(c.border, 1.0));
    painter.drawRect(plot);
    const auto xOf = [&](double gap) { return plot.left() + (gap - m_low) / (m_high - m_low) * plot.width(); };
    painter.setPen(QPen(c.muted, 1.0, Qt::DotLine));
    painter.drawLine(QPointF(plot.left(), plot.center().y()), QPointF(plot.right(), plot.center().y()));
    painter.drawLine(QPointF(xOf(0.0), plot.top()), QPointF(xOf(0.0), plot.bottom()));
    if (m_threshold >= m_low && m_threshold <= m_high) {
        painter.setPen(QPen(c.accent, 2.0));
        painter.drawLine(QPointF(xOf(m_threshold), plot.top()), QPointF(xOf(m_threshold), plot.bottom()));
    }
    painter.setPen(c.muted);
    const auto scale = [&](double y, const QString& text) {
        painter.drawText(QRectF(0.0, y - line / 2.0, left - 6.0, line), Qt::AlignRight | Qt::AlignVCenter, text);
    };
    scale(plot.top() + line / 2.0, top);
    scale(plot.center().y(), QStringLiteral("0"));
    scale(plot.bottom() - line / 2.0, bottom);
    painter.drawText(QRectF(4.0, 0.0, width() - 8.0, line + 4.0), Qt::AlignLeft | Qt::AlignVCenter,
        tr("Length difference, characters (chosen − rejected)"));
    painter.drawText(QRectF(plot.left(), plot.bottom() + 4.0, plot.width(), line), Qt::AlignHCenter | Qt::AlignTop,
        tr("Reward gap"));
}

void SplitLengthView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        m_picture = m_grid.picture(colours().accent);
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace mpo
