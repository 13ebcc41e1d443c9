// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/reward_gap_histogram.h"

#include "ui/format.h"
#include "ui/models/split_data.h"
#include "ui/style.h"

#include <QContextMenuEvent>
#include <QFileDialog>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr double kGrip = 8.0; ///< pixels to each side of a handle where it can be taken
constexpr double kPillHeight = 20.0;
constexpr double kLabelHeight = 20.0; ///< names of the buckets, between the pills and the bars
constexpr double kLogFloor = 0.7; ///< on the log axis a single pair is still a visible bar

/// 1, 2 or 5 times a power of ten, so that about `count` steps fit.
double niceStep(double range, double count)
{
    const double raw = range / std::max(1.0, count), power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return (lead < 1.5 ? 1.0 : lead < 3.5 ? 2.0 : lead < 7.5 ? 5.0 : 10.0) * power;
}

QString signedText(double value, double step)
{
    const int decimals = std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 8);
    QString text = QString::number(std::abs(value) < step * 1e-6 ? 0.0 : value, 'f', decimals);
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

} // namespace

RewardGapHistogram::RewardGapHistogram(QWidget* parent)
    : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Reward-gap histogram"));
    setToolTip(
        tr("Drag the threshold, or use the arrow keys (Shift: ten times as far). Wheel: zoom, double click: all."));
}

void RewardGapHistogram::setData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_marked.reset();
    showAll();
}

void RewardGapHistogram::setThreshold(double gap)
{
    m_threshold = gap;
    update();
}

void RewardGapHistogram::setContradictory(std::optional<double> threshold)
{
    m_contradictory = threshold;
    if (!threshold)
        m_active = Handle::Threshold;
    update();
}

void RewardGapHistogram::setAbsolute(bool absolute)
{
    m_absolute = absolute;
    update();
}

void RewardGapHistogram::setLogScale(bool on)
{
    m_log = on;
    update();
}

void RewardGapHistogram::setMarked(std::optional<double> gap)
{
    m_marked = gap;
    update();
}

void RewardGapHistogram::showAll()
{
    if (!m_data || m_data->index.size() == 0) {
        m_bins.clear();
        update();
        return;
    }
    // 0 always stands in the picture: on its left the reward model contradicts the label.
    double low = std::min(0.0, m_data->index.minimum()), high = std::max(0.0, m_data->index.maximum());
    if (low == high)
        low = -0.5, high = 0.5;
    setView(low, high);
}

void RewardGapHistogram::setView(double low, double high)
{
    m_low = low;
    m_high = high;
    countBins();
    update();
}

void RewardGapHistogram::countBins()
{
    m_bins.clear();
    m_highest = 0;
    if (!m_data || m_data->index.size() == 0)
        return;
    // The grid is anchored at 0, so that no bar mixes gaps of both signs.
    const double width = (m_high - m_low) / kBins;
    const auto first = std::int64_t(std::floor(m_low / width + 1e-9));
    const auto last = std::int64_t(std::ceil(m_high / width - 1e-9));
    std::int64_t below = m_data->index.countBelow(double(first) * width);
    for (std::int64_t i = first; i < last; ++i) {
        Bin bin {double(i) * width, double(i + 1) * width, 0};
        const std::int64_t belowNext = i + 1 == last
            ? m_data->index.size() - m_data->index.countAbove(std::max(bin.high, m_high))
            : m_data->index.countBelow(bin.high);
        bin.count = belowNext - below;
        below = belowNext;
        m_highest = std::max(m_highest, bin.count);
        m_bins.push_back(bin);
    }
}

std::optional<RewardGapHistogram::Bin> RewardGapHistogram::binAt(double gap) const
{
    for (const Bin& bin : m_bins)
        if (gap >= bin.low && gap < bin.high)
            return bin;
    return std::nullopt;
}

QRectF RewardGapHistogram::plotArea() const
{
    const QFontMetricsF metrics(fontOfSize(kFontSmall));
    const double left = std::max(34.0, metrics.horizontalAdvance(formatCount(m_highest)) + 10.0);
    return QRectF(rect()).adjusted(left, kPillHeight + kLabelHeight + 4.0, -10.0, -(metrics.height() * 2.0 + 10.0));
}

double RewardGapHistogram::resolution() const { return (m_high - m_low) / std::max(1.0, plotArea().width()); }

double RewardGapHistogram::gapAt(double x) const
{
    const QRectF plot = plotArea();
    return m_low + (x - plot.left()) / std::max(1.0, plot.width()) * (m_high - m_low);
}

double RewardGapHistogram::xOf(double gap) const
{
    const QRectF plot = plotArea();
    return plot.left() + (gap - m_low) / (m_high - m_low) * plot.width();
}

double RewardGapHistogram::heightOf(std::int64_t count) const
{
    if (count <= 0 || m_highest <= 0)
        return 0.0;
    if (!m_log)
        return double(count) / double(m_highest);
    return std::log(double(count) / kLogFloor) / std::log(double(m_highest) / kLogFloor);
}

// ---- painting

void RewardGapHistogram::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintOn(painter);
    if (hasFocus() && m_ring && m_data) {
        QColor ring = colours().accent;
        ring.setAlphaF(0.6f);
        painter.setPen(QPen(ring, 1.0));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    }
}

void RewardGapHistogram::paintOn(QPainter& painter) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(fontOfSize(kFontSmall));
    const QRectF plot = plotArea();
    if (m_bins.empty()) {
        painter.setPen(colours().muted);
        painter.drawText(rect(), Qt::AlignCenter, m_data ? tr("No pair has a score") : tr("No scores yet"));
        return;
    }
    paintAxes(painter, plot);
    paintBars(painter, plot);
    paintBuckets(painter, plot);
    if (m_pointer && m_dragged == Handle::None) {
        painter.setPen(QPen(colours().muted, 1.0, Qt::DashLine));
        const double x = std::round(xOf(*m_pointer)) + 0.5;
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    }
    if (m_marked && *m_marked >= m_low && *m_marked <= m_high) {
        const double x = xOf(*m_marked);
        QPainterPath mark;
        mark.moveTo(x, plot.bottom() + 1.0);
        mark.lineTo(x - 5.0, plot.bottom() + 8.0);
        mark.lineTo(x + 5.0, plot.bottom() + 8.0);
        mark.closeSubpath();
        painter.fillPath(mark, colours().text);
    }
    if (m_contradictory)
        paintHandle(painter, plot, Handle::Contradictory);
    paintHandle(painter, plot, Handle::Threshold);
}

void RewardGapHistogram::paintAxes(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    const QFontMetricsF metrics(painter.font());

    std::vector<std::int64_t> ticks;
    if (m_log) {
        for (std::int64_t tick = 1; tick <= m_highest; tick *= 10)
            ticks.push_back(tick);
    } else {
        const auto step = std::max<std::int64_t>(1, std::int64_t(niceStep(double(m_highest), plot.height() / 45.0)));
        for (std::int64_t tick = 0; tick <= m_highest; tick += step)
            ticks.push_back(tick);
    }
    for (const std::int64_t tick : ticks) {
        const double y = std::round(plot.bottom() - heightOf(tick) * plot.height()) + 0.5;
        if (tick > 0) {
            painter.setPen(QPen(c.grid, 1.0));
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        }
        painter.setPen(c.muted);
        painter.drawText(
            QRectF(0.0, y - 10.0, plot.left() - 6.0, 20.0), Qt::AlignRight | Qt::AlignVCenter, formatCount(tick));
    }

    painter.setPen(QPen(c.border, 1.0));
    const double base = std::round(plot.bottom()) + 0.5;
    painter.drawLine(QPointF(plot.left(), base), QPointF(plot.right(), base));
    const double step = niceStep(m_high - m_low, plot.width() / 80.0);
    const double labels = base + 8.0;
    for (auto i = std::int64_t(std::ceil(m_low / step - 1e-9)); double(i) * step <= m_high * (1.0 + 1e-9) + 1e-12;
         ++i) {
        const double gap = double(i) * step, x = std::round(xOf(gap)) + 0.5;
        painter.setPen(QPen(i == 0 ? c.muted : c.border, 1.0));
        painter.drawLine(QPointF(x, i == 0 ? plot.top() : base), QPointF(x, base + 4.0));
        painter.setPen(c.muted);
        painter.drawText(
            QRectF(x - 50.0, labels, 100.0, metrics.height()), Qt::AlignHCenter | Qt::AlignTop, signedText(gap, step));
    }
    const QRectF title(plot.left(), labels + metrics.height(), plot.width(), metrics.height());
    painter.setPen(c.muted);
    painter.drawText(title, Qt::AlignHCenter | Qt::AlignTop, tr("Reward gap (chosen score − rejected score)"));
    if (m_low < 0.0 && xOf(0.0) - plot.left() > 60.0)
        painter.drawText(title, Qt::AlignLeft | Qt::AlignTop, tr("← contradicts the label"));
}

void RewardGapHistogram::paintBars(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    // All bars as one shape, filled once for each bucket: a threshold inside a bin then cuts its bar where it stands.
    QPainterPath bars;
    const double spacing = plot.width() / kBins >= 4.0 ? 1.0 : 0.0;
    for (const Bin& bin : m_bins) {
        if (bin.count == 0)
            continue;
        const double height = std::max(1.0, heightOf(bin.count) * plot.height());
        const double left = std::max(plot.left(), xOf(bin.low)),
                     right = std::min(plot.right(), xOf(bin.high)) - spacing;
        bars.addRect(QRectF(left, plot.bottom() - height, std::max(0.5, right - left), height));
    }
    const double from = plot.left(), to = plot.right();
    const auto clamp = [&](double gap) { return std::clamp(xOf(gap), from, to); };
    const auto fill = [&](double left, double right, const QColor& colour) {
        if (right <= left)
            return;
        painter.save();
        painter.setClipRect(QRectF(left, 0.0, right - left, height()));
        painter.fillPath(bars, colour);
        painter.restore();
    };
    const double contradictory = m_contradictory ? clamp(-*m_contradictory) : from;
    fill(from, contradictory, c.contradictory);
    if (m_absolute && m_threshold >= 0.0) {
        const double left = std::max(contradictory, clamp(-m_threshold)),
                     right = std::max(contradictory, clamp(m_threshold));
        fill(contradictory, left, c.easy);
        fill(left, right, c.hard);
        fill(right, to, c.easy);
    } else {
        const double cut = m_absolute ? contradictory : std::max(contradictory, clamp(m_threshold));
        fill(contradictory, cut, c.hard);
        fill(cut, to, c.easy);
    }
}

void RewardGapHistogram::paintBuckets(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    painter.save();
    painter.setFont(fontOfSize(kFontSmall, QFont::DemiBold));
    const double x = xOf(m_threshold), y = plot.top() - kLabelHeight - 1.0;
    const double contradictory = m_contradictory ? xOf(-*m_contradictory) : plot.left();
    const bool twoSided = m_absolute && m_threshold > 0.0; // strong disagreement is easy too
    const double mirrored = twoSided ? xOf(-m_threshold) : plot.left();
    const auto label
        = [&](double left, double right, Qt::AlignmentFlag side, const QString& text, const QColor& colour) {
              const QRectF box(left, y, right - left, 18.0);
              if (painter.fontMetrics().horizontalAdvance(text) + 4.0 > box.width())
                  return;
              painter.setPen(colour);
              painter.drawText(box, int(side) | int(Qt::AlignVCenter), text);
          };
    label(std::max(x, plot.left()) + 10.0, plot.right(), Qt::AlignLeft, tr("Easy →"), c.easy);
    label(std::max({contradictory, mirrored, plot.left()}) + 10.0, std::min(x, plot.right()) - 10.0, Qt::AlignRight,
        m_absolute ? tr("Hard") : tr("← Hard"), c.hard);
    if (twoSided)
        label(std::max(contradictory, plot.left()) + 10.0, mirrored - 10.0, Qt::AlignRight, tr("← Easy"), c.easy);
    if (m_contradictory)
        label(plot.left(), contradictory - 10.0, Qt::AlignRight, tr("← Contradictory"), c.contradictory);
    painter.restore();
}

void RewardGapHistogram::paintHandle(QPainter& painter, const QRectF& plot, Handle handle) const
{
    const Colours& c = colours();
    const double gap = handle == Handle::Threshold ? m_threshold : -*m_contradictory;
    const QColor colour = handle == Handle::Threshold ? c.accent : c.contradictory;
    const QString text = signedText(gap, resolution());
    // A handle outside the view waits at the edge, with an arrow that says where it is.
    const bool before = gap<m_low, after = gap> m_high;
    const double x = std::clamp(xOf(gap), plot.left(), plot.right());
    if (!before && !after) {
        painter.setPen(QPen(colour, m_hovered == handle || m_dragged == handle ? 3.0 : 2.0));
        painter.drawLine(QPointF(x, kPillHeight), QPointF(x, plot.bottom()));
        if (handle == Handle::Threshold && m_absolute && m_threshold > 0.0 && -m_threshold > m_low) {
            painter.setPen(QPen(colour, 1.5, Qt::DashLine));
            painter.drawLine(QPointF(xOf(-m_threshold), plot.top()), QPointF(xOf(-m_threshold), plot.bottom()));
        }
    }
    painter.save();
    painter.setFont(fontOfSize(kFontSmall, QFont::DemiBold));
    const QString shown = before ? QStringLiteral("◀ ") + text : after ? text + QStringLiteral(" ▶") : text;
    const double width = painter.fontMetrics().horizontalAdvance(shown) + 16.0;
    QRectF pill(x - width / 2.0, 1.0, width, kPillHeight);
    pill.moveLeft(std::clamp(pill.left(), 1.0, std::max(1.0, double(this->width()) - width - 1.0)));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(pill, kPillHeight / 2.0, kPillHeight / 2.0);
    if (hasFocus() && m_active == handle && m_contradictory) {
        painter.setPen(QPen(c.text, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(pill, kPillHeight / 2.0, kPillHeight / 2.0);
    }
    painter.setPen(c.onAccent);
    painter.drawText(pill, Qt::AlignCenter, shown);
    painter.restore();
}

// ---- mouse and keys

RewardGapHistogram::Handle RewardGapHistogram::handleAt(const QPointF& position) const
{
    if (m_bins.empty())
        return Handle::None;
    const QRectF plot = plotArea();
    const auto distance
        = [&](double gap) { return std::abs(position.x() - std::clamp(xOf(gap), plot.left(), plot.right())); };
    const double reach = position.y() <= kPillHeight ? 2.5 * kGrip : kGrip; // the pill is wider than the line
    const double threshold = distance(m_threshold);
    if (m_contradictory && distance(-*m_contradictory) < std::min(reach, threshold))
        return Handle::Contradictory;
    return threshold <= reach ? Handle::Threshold : Handle::None;
}

void RewardGapHistogram::moveHandle(Handle handle, double gap)
{
    gap = roundedTo(std::clamp(gap, m_low, m_high), resolution());
    if (handle == Handle::Threshold)
        Q_EMIT thresholdMoved(gap);
    else if (handle == Handle::Contradictory)
        Q_EMIT contradictoryMoved(gap < 0.0 ? -gap : 0.0);
}

void RewardGapHistogram::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_bins.empty())
        return;
    m_dragged = handleAt(event->position());
    if (m_dragged != Handle::None) {
        m_active = m_dragged;
        update();
    } else if (plotArea().adjusted(0, 0, 0, 12).contains(event->position())) {
        Q_EMIT clicked(gapAt(event->position().x()));
    }
}

void RewardGapHistogram::mouseMoveEvent(QMouseEvent* event)
{
    if (m_bins.empty())
        return;
    const QPointF position = event->position();
    if (m_dragged != Handle::None) {
        moveHandle(m_dragged, gapAt(position.x()));
        m_pointer = m_dragged == Handle::Threshold ? m_threshold : -m_contradictory.value_or(0.0);
        Q_EMIT pointed(m_pointer);
        return;
    }
    const Handle hovered = handleAt(position);
    setCursor(hovered == Handle::None ? Qt::ArrowCursor : Qt::SplitHCursor);
    m_hovered = hovered;
    m_pointer = plotArea().adjusted(0, -kPillHeight - kLabelHeight, 0, 12).contains(position)
        ? std::optional(gapAt(position.x()))
        : std::nullopt;
    Q_EMIT pointed(m_pointer);
    update();
}

void RewardGapHistogram::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        m_dragged = Handle::None;
    update();
}

void RewardGapHistogram::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && handleAt(event->position()) == Handle::None)
        showAll();
}

void RewardGapHistogram::wheelEvent(QWheelEvent* event)
{
    if (m_bins.empty() || event->angleDelta().y() == 0)
        return;
    const double centre = gapAt(event->position().x()), factor = std::pow(0.8, event->angleDelta().y() / 120.0);
    const double full = std::max(m_data->index.maximum(), 0.0) - std::min(m_data->index.minimum(), 0.0);
    const double range = (m_high - m_low) * factor;
    if (range >= full)
        showAll();
    else if (range > full * 1e-4)
        setView(centre - (centre - m_low) * factor, centre + (m_high - centre) * factor);
    event->accept();
}

void RewardGapHistogram::leaveEvent(QEvent* event)
{
    m_pointer.reset();
    m_hovered = Handle::None;
    Q_EMIT pointed(std::nullopt);
    update();
    QWidget::leaveEvent(event);
}

void RewardGapHistogram::keyPressEvent(QKeyEvent* event)
{
    if (m_bins.empty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const double now = m_active == Handle::Threshold ? m_threshold : -m_contradictory.value_or(0.0);
    // About one pixel, rounded as the thresholds are, so that no step is swallowed.
    const double step
        = roundedTo(resolution(), resolution()) * (event->modifiers().testFlag(Qt::ShiftModifier) ? 10.0 : 1.0);
    switch (event->key()) {
    case Qt::Key_Left:
        moveHandle(m_active, now - step);
        break;
    case Qt::Key_Right:
        moveHandle(m_active, now + step);
        break;
    case Qt::Key_PageDown:
        moveHandle(m_active, now - 10.0 * step);
        break;
    case Qt::Key_PageUp:
        moveHandle(m_active, now + 10.0 * step);
        break;
    case Qt::Key_Home:
        moveHandle(m_active, m_low);
        break;
    case Qt::Key_End:
        moveHandle(m_active, m_high);
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (m_contradictory)
            m_active = m_active == Handle::Threshold ? Handle::Contradictory : Handle::Threshold;
        update();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

void RewardGapHistogram::contextMenuEvent(QContextMenuEvent* event)
{
    if (m_bins.empty())
        return;
    QMenu menu(this);
    menu.addAction(tr("Show all"), this, &RewardGapHistogram::showAll);
    menu.addSeparator();
    for (const char* kind : {"PNG", "SVG", "CSV"}) {
        const QString name = QString::fromLatin1(kind);
        menu.addAction(tr("Save as %1…").arg(name), this, [this, name] { saveImage(name.toLower()); });
    }
    menu.exec(event->globalPos());
}

void RewardGapHistogram::saveImage(const QString& kind)
{
    const QString file = QFileDialog::getSaveFileName(
        this, tr("Save the histogram"), QStringLiteral("reward-gaps.") + kind, QStringLiteral("*.") + kind);
    if (file.isEmpty())
        return;
    if (kind == QLatin1String("csv")) {
        QSaveFile out(file);
        if (!out.open(QIODevice::WriteOnly))
            return;
        out.write("low,high,pairs\n");
        for (const Bin& bin : m_bins)
            out.write(
                QStringLiteral("%1,%2,%3\n").arg(bin.low, 0, 'g', 9).arg(bin.high, 0, 'g', 9).arg(bin.count).toUtf8());
        out.commit();
    } else if (kind == QLatin1String("svg")) {
        QSvgGenerator svg;
        svg.setFileName(file);
        svg.setSize(size());
        svg.setViewBox(rect());
        QPainter painter(&svg);
        painter.fillRect(rect(), colours().surface);
        paintOn(painter);
    } else {
        QPixmap picture(size() * 2);
        picture.setDevicePixelRatio(2.0);
        picture.fill(colours().surface);
        QPainter painter(&picture);
        paintOn(painter);
        painter.end();
        picture.save(file);
    }
}

void RewardGapHistogram::focusInEvent(QFocusEvent* event)
{
    m_ring = event->reason() != Qt::MouseFocusReason;
    QWidget::focusInEvent(event);
}

void RewardGapHistogram::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace mpo
