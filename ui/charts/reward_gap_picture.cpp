// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/reward_gap_picture.h"

#include "ui/charts/mixed_colour.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr double kLogFloor = 0.7; ///< on the log axis a single pair is still a visible bar

/// 1, 2 or 5 times a power of ten, so that about `count` steps fit.
double niceStep(double range, double count)
{
    const double raw = range / std::max(1.0, count), power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return (lead < 1.5 ? 1.0 : lead < 3.5 ? 2.0 : lead < 7.5 ? 5.0 : 10.0) * power;
}

/// Of the widget, so that translations find its words.
QString tr(const char* text) { return QCoreApplication::translate("mpo::RewardGapHistogram", text); }

QString signedText(double value, double step)
{
    const int decimals = std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 8);
    QString text = QString::number(std::abs(value) < step * 1e-6 ? 0.0 : value, 'f', decimals);
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

} // namespace

// ---- where things stand

QRectF RewardGapPicture::plotArea() const
{
    const QFontMetricsF metrics(fontOfSize(kFontSmall));
    const double left = std::max(34.0, metrics.horizontalAdvance(formatCount(highest)) + 10.0);
    return QRectF(QPointF(), size)
        .adjusted(left, kPillHeight + kLabelHeight + 4.0, -10.0, -(metrics.height() * 2.0 + 10.0));
}

double RewardGapPicture::resolution() const { return (high - low) / std::max(1.0, plotArea().width()); }

double RewardGapPicture::gapAt(double x) const
{
    const QRectF plot = plotArea();
    return low + (x - plot.left()) / std::max(1.0, plot.width()) * (high - low);
}

double RewardGapPicture::xOf(double gap) const
{
    const QRectF plot = plotArea();
    return plot.left() + (gap - low) / (high - low) * plot.width();
}

double RewardGapPicture::heightOf(std::int64_t count) const
{
    if (count <= 0 || highest <= 0)
        return 0.0;
    if (!log)
        return double(count) / double(highest);
    return std::log(double(count) / kLogFloor) / std::log(double(highest) / kLogFloor);
}

// ---- painting

void RewardGapPicture::paint(QPainter& painter) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(fontOfSize(kFontSmall));
    const QRectF plot = plotArea();
    if (bins.empty()) {
        painter.setPen(colours().muted);
        painter.drawText(QRectF(QPointF(), size), Qt::AlignCenter, nothing);
        return;
    }
    paintAxes(painter, plot);
    paintBars(painter, plot);
    paintBuckets(painter, plot);
    if (pointer && dragged == Handle::None) {
        painter.setPen(QPen(colours().muted, 1.0, Qt::DashLine));
        const double x = std::round(xOf(*pointer)) + 0.5;
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    }
    if (marked && *marked >= low && *marked <= high) {
        const double x = xOf(*marked);
        QPainterPath mark;
        mark.moveTo(x, plot.bottom() + 1.0);
        mark.lineTo(x - 5.0, plot.bottom() + 8.0);
        mark.lineTo(x + 5.0, plot.bottom() + 8.0);
        mark.closeSubpath();
        painter.fillPath(mark, colours().text);
    }
    if (contradictory)
        paintHandle(painter, plot, Handle::Contradictory);
    paintHandle(painter, plot, Handle::Threshold);
}

void RewardGapPicture::paintAxes(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    const QFontMetricsF metrics(painter.font());

    std::vector<std::int64_t> ticks;
    if (log) {
        for (std::int64_t tick = 1; tick <= highest; tick *= 10)
            ticks.push_back(tick);
    } else {
        const auto step = std::max<std::int64_t>(1, std::int64_t(niceStep(double(highest), plot.height() / 45.0)));
        for (std::int64_t tick = 0; tick <= highest; tick += step)
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
    const double step = niceStep(high - low, plot.width() / 80.0);
    const double labels = base + 8.0;
    for (auto i = std::int64_t(std::ceil(low / step - 1e-9)); double(i) * step <= high * (1.0 + 1e-9) + 1e-12; ++i) {
        const double gap = double(i) * step, x = std::round(xOf(gap)) + 0.5;
        painter.setPen(QPen(i == 0 ? c.muted : c.border, 1.0));
        painter.drawLine(QPointF(x, i == 0 ? plot.top() : base), QPointF(x, base + 4.0));
        painter.setPen(c.muted);
        painter.drawText(
            QRectF(x - 50.0, labels, 100.0, metrics.height()), Qt::AlignHCenter | Qt::AlignTop, signedText(gap, step));
    }
    const QRectF title(plot.left(), labels + metrics.height(), plot.width(), metrics.height());
    painter.setPen(c.muted);
    painter.drawText(title, Qt::AlignHCenter | Qt::AlignTop,
        strata.isEmpty() ? tr("Reward gap (chosen score − rejected score)") : tr("Reward gap"));
    if (low < 0.0 && xOf(0.0) - plot.left() > 60.0)
        painter.drawText(title, Qt::AlignLeft | Qt::AlignTop, tr("← contradicts the label"));
    paintLegend(painter, title);
}

QColor RewardGapPicture::shade(const QColor& colour, int stratum) const
{
    // The colour says the bucket, how strong it is the stratum.
    constexpr double kFaintest = 0.72; ///< share of the ground in the last stratum
    return strata.size() < 2 ? colour
                             : mixedColour(colour, colours().surface, kFaintest * stratum / double(strata.size() - 1));
}

/// At the right end of the line; the lowest part of a bar comes first.
void RewardGapPicture::paintLegend(QPainter& painter, const QRectF& line) const
{
    constexpr double kSwatch = 10.0, kGap = 5.0, kBetween = 12.0;
    const QFontMetricsF metrics(painter.font());
    double x = line.right();
    for (int stratum = int(strata.size()) - 1; stratum >= 0; --stratum) {
        const double width = metrics.horizontalAdvance(strata[stratum]);
        x -= width;
        painter.setPen(colours().muted);
        painter.drawText(
            QRectF(x, line.top(), width + 1.0, line.height()), Qt::AlignLeft | Qt::AlignTop, strata[stratum]);
        x -= kGap + kSwatch;
        painter.fillRect(
            QRectF(x, line.top() + 0.5 * (line.height() - kSwatch), kSwatch, kSwatch), shade(colours().text, stratum));
        x -= kBetween;
    }
}

void RewardGapPicture::paintBars(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    struct Region
    {
        double left = 0.0, right = 0.0;
        std::array<QColor, PairStrata::kMost> shades;
    };
    std::array<Region, 4> regions;
    std::size_t count = 0;
    const auto add = [&](double left, double right, const QColor& colour) {
        if (right <= left)
            return;
        Region& region = regions[count++];
        region.left = left;
        region.right = right;
        for (int stratum = 0; stratum < std::max(1, int(strata.size())); ++stratum)
            region.shades[std::size_t(stratum)] = shade(colour, stratum);
    };
    const double from = plot.left(), to = plot.right(), scale = plot.width() / (high - low);
    const auto place = [&](double gap) { return std::clamp(from + (gap - low) * scale, from, to); };
    const double third = contradictory ? place(-*contradictory) : from;
    add(from, third, c.contradictory);
    if (absolute && threshold >= 0.0) {
        const double left = std::max(third, place(-threshold)), right = std::max(third, place(threshold));
        add(third, left, c.easy);
        add(left, right, c.hard);
        add(right, to, c.easy);
    } else {
        const double cut = absolute ? third : std::max(third, place(threshold));
        add(third, cut, c.hard);
        add(cut, to, c.easy);
    }

    // A threshold inside a bin cuts its bar where it stands.
    const double spacing = plot.width() / double(bins.size()) >= 4.0 ? 1.0 : 0.0;
    for (const Bin& bin : bins) {
        if (bin.count == 0)
            continue;
        const double left = place(bin.low), right = std::max(left + 0.5, place(bin.high) - spacing);
        std::int64_t below = 0;
        double floor = plot.bottom();
        for (int stratum = 0; stratum < std::max(1, int(strata.size())); ++stratum) {
            below += strata.isEmpty() ? bin.count : bin.parts[std::size_t(stratum)];
            const double top
                = std::min(floor, plot.bottom() - (below > 0 ? std::max(1.0, heightOf(below) * plot.height()) : 0.0));
            for (std::size_t i = 0; top < floor && i < count; ++i)
                if (const double l = std::max(left, regions[i].left), r = std::min(right, regions[i].right); l < r)
                    painter.fillRect(QRectF(l, top, r - l, floor - top), regions[i].shades[std::size_t(stratum)]);
            floor = top;
        }
    }
}

void RewardGapPicture::paintBuckets(QPainter& painter, const QRectF& plot) const
{
    const Colours& c = colours();
    painter.save();
    painter.setFont(fontOfSize(kFontSmall, QFont::DemiBold));
    const double x = xOf(threshold), y = plot.top() - kLabelHeight - 1.0;
    const double third = contradictory ? xOf(-*contradictory) : plot.left();
    const bool twoSided = absolute && threshold > 0.0; // strong disagreement is easy too
    const double mirrored = twoSided ? xOf(-threshold) : plot.left();
    const auto label
        = [&](double left, double right, Qt::AlignmentFlag side, const QString& text, const QColor& colour) {
              const QRectF box(left, y, right - left, 18.0);
              if (painter.fontMetrics().horizontalAdvance(text) + 4.0 > box.width())
                  return;
              painter.setPen(colour);
              painter.drawText(box, int(side) | int(Qt::AlignVCenter), text);
          };
    label(std::max(x, plot.left()) + 10.0, plot.right(), Qt::AlignLeft, tr("Easy →"), c.easy);
    label(std::max({third, mirrored, plot.left()}) + 10.0, std::min(x, plot.right()) - 10.0, Qt::AlignRight,
        absolute ? tr("Hard") : tr("← Hard"), c.hard);
    if (twoSided)
        label(std::max(third, plot.left()) + 10.0, mirrored - 10.0, Qt::AlignRight, tr("← Easy"), c.easy);
    if (contradictory)
        label(plot.left(), third - 10.0, Qt::AlignRight, tr("← Contradictory"), c.contradictory);
    painter.restore();
}

void RewardGapPicture::paintHandle(QPainter& painter, const QRectF& plot, Handle handle) const
{
    const Colours& c = colours();
    const double gap = handle == Handle::Threshold ? threshold : -*contradictory;
    const QColor colour = handle == Handle::Threshold ? c.accent : c.contradictory;
    const QString text = signedText(gap, resolution());
    // A handle outside the view waits at the edge, with an arrow that says where it is.
    const bool before = gap<low, after = gap> high;
    const double x = std::clamp(xOf(gap), plot.left(), plot.right());
    if (!before && !after) {
        painter.setPen(QPen(colour, hovered == handle || dragged == handle ? 3.0 : 2.0));
        painter.drawLine(QPointF(x, kPillHeight), QPointF(x, plot.bottom()));
        if (handle == Handle::Threshold && absolute && threshold > 0.0 && -threshold > low) {
            painter.setPen(QPen(colour, 1.5, Qt::DashLine));
            painter.drawLine(QPointF(xOf(-threshold), plot.top()), QPointF(xOf(-threshold), plot.bottom()));
        }
    }
    painter.save();
    painter.setFont(fontOfSize(kFontSmall, QFont::DemiBold));
    const QString shown = before ? QStringLiteral("◀ ") + text : after ? text + QStringLiteral(" ▶") : text;
    const double width = painter.fontMetrics().horizontalAdvance(shown) + 16.0;
    QRectF pill(x - width / 2.0, 1.0, width, kPillHeight);
    pill.moveLeft(std::clamp(pill.left(), 1.0, std::max(1.0, size.width() - width - 1.0)));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(pill, kPillHeight / 2.0, kPillHeight / 2.0);
    if (focus && active == handle && contradictory) {
        painter.setPen(QPen(c.text, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(pill, kPillHeight / 2.0, kPillHeight / 2.0);
    }
    painter.setPen(c.onAccent);
    painter.drawText(pill, Qt::AlignCenter, shown);
    painter.restore();
}

} // namespace mpo
