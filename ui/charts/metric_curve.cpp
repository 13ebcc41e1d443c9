// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_curve.h"

#include "ui/charts/custom_plot.h"
#include "ui/charts/mixed_colour.h"
#include "ui/style.h"

#include <algorithm>
#include <array>

namespace mpo {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kDashes {Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine};

} // namespace

QColor CurveLook::inTheme() const
{
    const Colours& c = colours();
    if (strata > 0)
        return mixedColour(c.hard, c.easy, strata > 1 ? double(colour) / double(strata - 1) : 0.0);
    return c.series.at(colour % c.series.size());
}

MetricCurve::MetricCurve(QCustomPlot& plot)
    : m_raw(plot.addGraph())
    , m_average(plot.addGraph())
    , m_notNumbers(plot.addGraph())
{
    for (QCPGraph* graph : {m_raw, m_average, m_notNumbers}) {
        graph->setSelectable(QCP::stNone);
        graph->setAdaptiveSampling(true); // minimum and maximum of each pixel
    }
    m_notNumbers->setLineStyle(QCPGraph::lsNone);
}

void MetricCurve::removeFrom(QCustomPlot& plot)
{
    for (QCPGraph* graph : {m_raw, m_average, m_notNumbers})
        plot.removeGraph(graph);
}

void MetricCurve::set(std::span<const MetricPoint> points, const Drawing& drawing)
{
    m_points.assign(points.begin(), points.end());
    redraw(drawing);
}

void MetricCurve::append(std::span<const MetricPoint> points, const Drawing& drawing)
{
    if (!m_points.empty() && points.front().step <= m_points.back().step) {
        std::erase_if(m_points, [&](const MetricPoint& point) { return point.step >= points.front().step; });
        m_points.insert(m_points.end(), points.begin(), points.end());
        redraw(drawing);
    } else {
        m_points.insert(m_points.end(), points.begin(), points.end());
        add(points, drawing);
    }
}

void MetricCurve::redraw(const Drawing& drawing)
{
    for (QCPGraph* graph : {m_raw, m_average, m_notNumbers})
        graph->data()->clear();
    m_smoothed.clear();
    m_past = m_weight = 0.0;
    m_lowest = m_lowestPositive = HUGE_VAL;
    m_highest = -HUGE_VAL;
    add(m_points, drawing);
}

void MetricCurve::add(std::span<const MetricPoint> points, const Drawing& drawing)
{
    QVector<QCPGraphData> raw, average, notNumbers;
    raw.reserve(qsizetype(points.size()));
    average.reserve(qsizetype(points.size()));
    for (const MetricPoint& point : points) {
        const double key = drawing.key(point);
        if (std::isfinite(point.value)) {
            m_past = drawing.smoothing * m_past + (1.0 - drawing.smoothing) * point.value;
            m_weight = drawing.smoothing * m_weight + (1.0 - drawing.smoothing);
            m_lowest = std::min(m_lowest, point.value);
            m_highest = std::max(m_highest, point.value);
            if (point.value > 0.0)
                m_lowestPositive = std::min(m_lowestPositive, point.value);
        } else if (std::isfinite(key)) {
            notNumbers.append({key, 0.0});
        }
        const double smooth = m_weight > 0.0 ? m_past / m_weight : kNan;
        m_smoothed.push_back(smooth);
        if (!std::isfinite(key))
            continue;
        const auto drawn
            = [&](double value) { return std::isfinite(value) && (!drawing.logY || value > 0.0) ? value : kNan; };
        raw.append({key, drawn(point.value)});
        average.append({key, drawn(smooth)});
    }
    m_raw->data()->add(raw, drawing.keysRise);
    m_average->data()->add(average, drawing.keysRise);
    m_notNumbers->data()->add(notNumbers, drawing.keysRise);
}

void MetricCurve::style(double smoothing)
{
    const QColor strong = look.inTheme();
    QColor faint = strong;
    faint.setAlpha(colours().dark ? 120 : 90);
    const bool rawOnly = smoothing == 0.0;
    const auto pen = [&](const QColor& colour, double width) {
        return QPen(colour, width, kDashes.at(std::size_t(look.dash) % kDashes.size()));
    };
    m_raw->setPen(pen(rawOnly ? strong : faint, rawOnly ? 1.5 : 1.0));
    m_average->setPen(pen(strong, 1.8));
    m_average->setVisible(!rawOnly);
    m_notNumbers->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCross, colours().bad, 6));
}

void MetricCurve::beforeReplot(double lowerEdge)
{
    // Marks of values that are not numbers sit on the lower edge, wherever that is.
    for (auto point = m_notNumbers->data()->begin(); point != m_notNumbers->data()->end(); ++point)
        point->value = lowerEdge;
    // One value makes no line.
    const auto shape = m_points.size() == 1 ? QCPScatterStyle::ssDisc : QCPScatterStyle::ssNone;
    for (QCPGraph* graph : {m_raw, m_average})
        graph->setScatterStyle(QCPScatterStyle(shape, 6));
}

} // namespace mpo
