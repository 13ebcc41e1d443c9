// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_calibration_view.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <cmath>

namespace mpo {

namespace {

constexpr double kPointRadius = 4.0;

} // namespace

SplitCalibrationView::SplitCalibrationView(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Accuracy of the reward model against its confidence"));
}

void SplitCalibrationView::setBins(std::vector<CalibrationBin> bins)
{
    m_bins = std::move(bins);
    update();
}

QRectF SplitCalibrationView::plot() const
{
    const QFontMetrics metrics(fontOfSize(kFontSmall));
    const double left = metrics.horizontalAdvance(QStringLiteral("100 %")) + 12.0;
    return QRectF(rect()).adjusted(left, metrics.height() + 6.0, -3.0 * kSpace, -2.0 * metrics.height() - 8.0);
}

QPointF SplitCalibrationView::place(double confidence, double accuracy) const
{
    const QRectF area = plot();
    return {area.left() + (confidence - 0.5) / 0.5 * area.width(), area.bottom() - accuracy * area.height()};
}

void SplitCalibrationView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(fontOfSize(kFontSmall));
    if (m_bins.empty()) {
        painter.setPen(c.muted);
        painter.drawText(rect(), Qt::AlignCenter, tr("No scores yet"));
        return;
    }
    const QRectF area = plot();
    const int line = painter.fontMetrics().height();
    painter.setPen(c.muted);
    painter.drawText(
        QRectF(4.0, 0.0, width() - 8.0, line + 4.0), Qt::AlignLeft | Qt::AlignVCenter, tr("Agrees with the label"));
    for (const double y : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        const QPointF at = place(0.5, y);
        painter.setPen(QPen(c.border, 1.0));
        painter.drawLine(at, place(1.0, y));
        painter.setPen(c.muted);
        painter.drawText(QRectF(0.0, at.y() - line / 2.0, area.left() - 6.0, line), Qt::AlignRight | Qt::AlignVCenter,
            QStringLiteral("%1 %").arg(qRound(100.0 * y)));
    }
    for (const double x : {0.5, 0.6, 0.7, 0.8, 0.9, 1.0})
        painter.drawText(QRectF(place(x, 0.0) - QPointF(30.0, -4.0), QSizeF(60.0, line)), Qt::AlignCenter,
            QStringLiteral("%1 %").arg(qRound(100.0 * x)));
    painter.drawText(QRectF(area.left(), area.bottom() + 4.0 + line, area.width(), line), Qt::AlignCenter,
        tr("Confidence of the reward model, σ(|gap|)"));
    painter.setPen(QPen(c.muted, 1.0, Qt::DashLine));
    painter.drawLine(place(0.5, 0.5), place(1.0, 1.0));
    for (const CalibrationBin& bin : m_bins) {
        const QPointF at = place(bin.confidence, bin.accuracy);
        painter.setPen(QPen(c.accent, 2.0));
        painter.drawLine(place(bin.confidence, bin.interval.low), place(bin.confidence, bin.interval.high));
        painter.setBrush(c.accent);
        painter.drawEllipse(at, kPointRadius, kPointRadius);
    }
}

bool SplitCalibrationView::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    constexpr double kReach = 2.0 * kSpace;
    const CalibrationBin* nearest = nullptr;
    double least = kReach;
    for (const CalibrationBin& bin : m_bins)
        if (const double far = std::abs(place(bin.confidence, bin.accuracy).x() - help->pos().x()); far < least) {
            least = far;
            nearest = &bin;
        }
    if (nearest)
        QToolTip::showText(help->globalPos(),
            tr("%1 pairs with |gap| from %2 to %3\nconfidence %4, agrees in %5 (%6 to %7)")
                .arg(formatCount(nearest->pairs), formatNumber(nearest->low, 3), formatNumber(nearest->high, 3),
                    formatShare(nearest->confidence), formatShare(nearest->accuracy),
                    formatShare(nearest->interval.low), formatShare(nearest->interval.high)),
            this);
    else
        QToolTip::hideText();
    return true;
}

void SplitCalibrationView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace mpo
