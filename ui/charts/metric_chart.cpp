// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_chart.h"

#include "ui/charts/crosshair.h"
#include "ui/charts/custom_plot.h"
#include "ui/charts/metric_alarm.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QMenu>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Seconds as "2:05" or "1:02:05".
class TimeTicker : public QCPAxisTicker
{
protected:
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        const qint64 seconds = qint64(std::llround(tick));
        if (seconds >= 3600)
            return QStringLiteral("%1:%2 h").arg(seconds / 3600).arg(seconds / 60 % 60, 2, 10, QLatin1Char('0'));
        return QStringLiteral("%1:%2").arg(seconds / 60).arg(seconds % 60, 2, 10, QLatin1Char('0'));
    }
};

/// Steps are whole numbers.
class StepTicker : public QCPAxisTicker
{
protected:
    double getTickStep(const QCPRange& range) override { return std::max(1.0, QCPAxisTicker::getTickStep(range)); }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        return std::abs(tick) < 10000.0 ? QString::number(qint64(tick)) : formatLargeCount(tick);
    }
};

class ValueTicker : public QCPAxisTicker
{
protected:
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        if (std::abs(tick) < 1e-12)
            return QStringLiteral("0");
        return std::abs(tick) < 1e5 ? formatNumber(tick, 3) : formatLargeCount(tick);
    }
};

} // namespace

struct MetricChart::Curve
{
    QString label;
    int colour = 0;
    QCPGraph *raw = nullptr, *average = nullptr, *notNumbers = nullptr;
    std::vector<MetricPoint> points;
    std::vector<double> smoothed;
    double past = 0.0, weight = 0.0; ///< of the moving average, before its bias is taken out
    double lowest = HUGE_VAL, lowestPositive = HUGE_VAL, highest = -HUGE_VAL;
};

MetricChart::MetricChart(const std::string& metric, QWidget* parent)
    : Chart(parent)
    , m_metric(metric)
    , m_line(new QCPItemStraightLine(plot()))
{
    const MetricInfo* info = findMetricInfo(metric);
    const QString unit = info && !info->unit.empty() ? QStringLiteral(" (%1)").arg(toQString(info->unit)) : QString();
    setTitle(toQString(metric),
        info ? QStringLiteral("<b>%1</b>%2<br>%3").arg(toQString(metric), unit, toQString(info->meaning)) : QString());
    setEmptyText(tr("No values yet"));
    setMinimumHeight(17 * kSpace);
    plot()->setMouseTracking(true);
    plot()->setAttribute(Qt::WA_NoMousePropagation, false); // see the wheel in eventFilter
    plot()->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new StepTicker));
    plot()->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
    plot()->xAxis->ticker()->setTickCount(4);
    plot()->yAxis->ticker()->setTickCount(3);
    plot()->axisRect()->setMinimumMargins(QMargins(6 * kSpace, kSpace / 2, kSpace, 0));

    m_line->setLayer(QStringLiteral("overlay"));
    m_line->setVisible(false);
    m_line->setSelectable(false);
    connect(plot(), &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (!m_crosshair)
            return;
        const bool inside = plot()->axisRect()->rect().contains(event->pos());
        m_crosshair->moveTo(inside ? std::optional(plot()->xAxis->pixelToCoord(event->pos().x())) : std::nullopt);
    });
    MetricChart::applyColours();
}

MetricChart::~MetricChart() = default;

double MetricChart::keyOf(const MetricPoint& point) const
{
    return m_xAxis == XAxis::Step ? double(point.step) : point.seconds;
}

void MetricChart::addCurve(qint64 run, const QString& label, int colour)
{
    auto curve = std::make_unique<Curve>();
    curve->label = label;
    curve->colour = colour;
    curve->raw = plot()->addGraph();
    curve->average = plot()->addGraph();
    curve->notNumbers = plot()->addGraph();
    for (QCPGraph* graph : {curve->raw, curve->average, curve->notNumbers}) {
        graph->setSelectable(QCP::stNone);
        graph->setAdaptiveSampling(true); // minimum and maximum of each pixel
    }
    curve->notNumbers->setLineStyle(QCPGraph::lsNone);
    m_curves[run] = std::move(curve);
    applyColours();
}

void MetricChart::setCurve(qint64 run, const QString& label, int colour, std::span<const MetricPoint> points)
{
    if (!m_curves.contains(run))
        addCurve(run, label, colour);
    Curve& curve = *m_curves[run];
    curve.label = label;
    curve.colour = colour;
    curve.points.assign(points.begin(), points.end());
    rebuild(curve);
    applyColours();
    updateAlarm();
    replotSoon();
}

void MetricChart::append(qint64 run, std::span<const MetricPoint> points)
{
    if (points.empty())
        return;
    if (!m_curves.contains(run))
        addCurve(run, {}, int(m_curves.size()));
    Curve& curve = *m_curves[run];
    if (!curve.points.empty() && points.front().step <= curve.points.back().step) {
        std::erase_if(curve.points, [&](const MetricPoint& point) { return point.step >= points.front().step; });
        curve.points.insert(curve.points.end(), points.begin(), points.end());
        rebuild(curve);
    } else {
        curve.points.insert(curve.points.end(), points.begin(), points.end());
        addPoints(curve, points);
    }
    updateAlarm();
    if (!m_pointer)
        showValues({});
    replotSoon();
}

void MetricChart::removeCurves()
{
    for (const auto& [run, curve] : m_curves)
        for (QCPGraph* graph : {curve->raw, curve->average, curve->notNumbers})
            plot()->removeGraph(graph);
    m_curves.clear();
    setNote({});
    setWarning({});
    replotSoon();
}

void MetricChart::rebuild(Curve& curve)
{
    for (QCPGraph* graph : {curve.raw, curve.average, curve.notNumbers})
        graph->data()->clear();
    curve.smoothed.clear();
    curve.past = curve.weight = 0.0;
    curve.lowest = curve.lowestPositive = HUGE_VAL;
    curve.highest = -HUGE_VAL;
    addPoints(curve, curve.points);
}

void MetricChart::rebuildAll()
{
    for (const auto& [run, curve] : m_curves)
        rebuild(*curve);
    replotSoon();
}

void MetricChart::addPoints(Curve& curve, std::span<const MetricPoint> points)
{
    QVector<QCPGraphData> raw, average, notNumbers;
    raw.reserve(qsizetype(points.size()));
    average.reserve(qsizetype(points.size()));
    for (const MetricPoint& point : points) {
        const double key = keyOf(point);
        if (std::isfinite(point.value)) {
            curve.past = m_smoothing * curve.past + (1.0 - m_smoothing) * point.value;
            curve.weight = m_smoothing * curve.weight + (1.0 - m_smoothing);
            curve.lowest = std::min(curve.lowest, point.value);
            curve.highest = std::max(curve.highest, point.value);
            if (point.value > 0.0)
                curve.lowestPositive = std::min(curve.lowestPositive, point.value);
        } else {
            notNumbers.append({key, 0.0});
        }
        const double smooth = curve.weight > 0.0 ? curve.past / curve.weight : kNan;
        curve.smoothed.push_back(smooth);
        const auto drawn
            = [&](double value) { return std::isfinite(value) && (!m_logY || value > 0.0) ? value : kNan; };
        raw.append({key, drawn(point.value)});
        average.append({key, drawn(smooth)});
    }
    // Keys rise within a curve; wall time of a resumed run is the exception, then QCustomPlot sorts.
    const bool sorted = m_xAxis == XAxis::Step;
    curve.raw->data()->add(raw, sorted);
    curve.average->data()->add(average, sorted);
    curve.notNumbers->data()->add(notNumbers, sorted);
}

void MetricChart::setXAxis(XAxis axis)
{
    if (m_xAxis == axis)
        return;
    m_xAxis = axis;
    plot()->xAxis->setTicker(axis == XAxis::Step ? QSharedPointer<QCPAxisTicker>(new StepTicker)
                                                 : QSharedPointer<QCPAxisTicker>(new TimeTicker));
    plot()->xAxis->ticker()->setTickCount(4);
    rebuildAll();
}

void MetricChart::setLogY(bool on)
{
    if (m_logY == on)
        return;
    m_logY = on;
    plot()->yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (on) {
        plot()->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog));
        plot()->yAxis->setNumberFormat(QStringLiteral("gb"));
        plot()->yAxis->setNumberPrecision(2);
    } else {
        plot()->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
        plot()->yAxis->ticker()->setTickCount(3);
    }
    setEmptyText(on ? tr("No values above 0 for a log axis") : tr("No values yet"));
    rebuildAll();
}

void MetricChart::setSmoothing(double weight)
{
    m_smoothing = std::clamp(weight, 0.0, 0.999);
    rebuildAll();
    applyColours();
}

void MetricChart::setCrosshair(Crosshair* crosshair)
{
    m_crosshair = crosshair;
    connect(crosshair, &Crosshair::moved, this, &MetricChart::showValues);
}

std::vector<MetricPoint> MetricChart::points(qint64 run) const
{
    const auto found = m_curves.find(run);
    return found == m_curves.end() ? std::vector<MetricPoint>() : found->second->points;
}

std::vector<double> MetricChart::smoothed(qint64 run) const
{
    const auto found = m_curves.find(run);
    return found == m_curves.end() ? std::vector<double>() : found->second->smoothed;
}

bool MetricChart::isEmpty() const
{
    return std::none_of(m_curves.begin(), m_curves.end(), [this](const auto& entry) {
        return m_logY ? std::isfinite(entry.second->lowestPositive) : !entry.second->points.empty();
    });
}

void MetricChart::resetView()
{
    double left = HUGE_VAL, right = -HUGE_VAL, low = HUGE_VAL, high = -HUGE_VAL;
    for (const auto& [run, curve] : m_curves) {
        if (curve->points.empty())
            continue;
        left = std::min(left, keyOf(curve->points.front()));
        right = std::max(right, keyOf(curve->points.back()));
        low = std::min(low, m_logY ? curve->lowestPositive : curve->lowest);
        high = std::max(high, curve->highest);
    }
    if (!(left <= right))
        return;
    if (left == right) {
        left -= 0.5;
        right = left + 1.0;
    }
    plot()->xAxis->setRange(left, right);
    if (!(low <= high))
        low = 0.0, high = 1.0;
    if (m_logY) {
        plot()->yAxis->setRange(low / 1.2, high * 1.2);
        return;
    }
    double margin = 0.06 * (high - low);
    if (margin < 1e-9 * std::max(std::abs(low), std::abs(high)) || margin == 0.0) // a flat line stands in the middle
        margin = high == 0.0 ? 1.0 : 0.5 * std::abs(high);
    plot()->yAxis->setRange(low - margin, high + margin);
}

void MetricChart::beforeReplot()
{
    // Marks of values that are not numbers sit on the lower edge, wherever that is.
    const double edge = plot()->yAxis->range().lower;
    for (const auto& [run, curve] : m_curves) {
        for (auto point = curve->notNumbers->data()->begin(); point != curve->notNumbers->data()->end(); ++point)
            point->value = edge;
        // One value makes no line.
        const auto shape = curve->points.size() == 1 ? QCPScatterStyle::ssDisc : QCPScatterStyle::ssNone;
        for (QCPGraph* graph : {curve->raw, curve->average})
            graph->setScatterStyle(QCPScatterStyle(shape, 6));
    }
}

void MetricChart::applyColours()
{
    Chart::applyColours();
    const Colours& c = colours();
    if (m_line)
        m_line->setPen(QPen(c.faint, 1, Qt::DotLine));
    for (const auto& [run, curve] : m_curves) {
        const QColor strong = c.series.at(curve->colour % c.series.size());
        QColor faint = strong;
        faint.setAlpha(c.dark ? 120 : 90);
        const bool rawOnly = m_smoothing == 0.0;
        curve->raw->setPen(QPen(rawOnly ? strong : faint, rawOnly ? 1.5 : 1.0));
        curve->average->setPen(QPen(strong, 1.8));
        curve->average->setVisible(!rawOnly);
        curve->notNumbers->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCross, c.bad, 6));
    }
    if (!m_curves.empty())
        showValues(m_pointer); // its colours too
}

void MetricChart::showValues(std::optional<double> x)
{
    const bool lineMoved = x || m_line->visible();
    m_pointer = x;
    m_line->setVisible(x.has_value());
    if (x) {
        m_line->point1->setCoords(*x, plot()->yAxis->range().lower);
        m_line->point2->setCoords(*x, plot()->yAxis->range().upper);
        if (m_logY && plot()->yAxis->range().lower > 0.0)
            m_line->point2->setCoords(*x, plot()->yAxis->range().upper * 2.0);
    }
    QStringList values;
    for (const auto& [run, curve] : m_curves) {
        if (curve->points.empty())
            continue;
        // Without a pointer: the latest value.
        auto found = curve->points.end() - 1;
        if (x) {
            found = std::lower_bound(curve->points.begin(), curve->points.end(), *x,
                [this](const MetricPoint& point, double key) { return keyOf(point) < key; });
            if (found == curve->points.end()
                || (found != curve->points.begin() && *x - keyOf(*(found - 1)) < keyOf(*found) - *x))
                --found;
        }
        const QString colour = colours().series.at(curve->colour % colours().series.size()).name();
        QString value = QStringLiteral("<span style='color:%1'>%2</span>").arg(colour, formatNumber(found->value, 4));
        if (x && values.isEmpty())
            value.prepend(m_xAxis == XAxis::Step ? QStringLiteral("%1: ").arg(found->step)
                                                 : QStringLiteral("%1: ").arg(formatDuration(found->seconds)));
        values << value;
    }
    setNote(values.join(QStringLiteral(" &nbsp;")));
    if (lineMoved && !plot()->visibleRegion().isEmpty())
        plot()->layer(QStringLiteral("overlay"))->replot();
}

void MetricChart::updateAlarm()
{
    QString alarm;
    for (const auto& [run, curve] : m_curves) {
        if (curve->points.empty() || !alarm.isEmpty())
            continue;
        const double last = curve->points.back().value;
        alarm = metricAlarm(m_metric, std::isnan(last) ? last : curve->smoothed.back());
    }
    setWarning(alarm);
}

bool MetricChart::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == plot() && event->type() == QEvent::Leave && m_crosshair)
        m_crosshair->moveTo({});
    if (watched == plot() && event->type() == QEvent::Wheel) {
        // QCustomPlot would keep it, and a page of charts could not be scrolled.
        event->ignore();
        return true;
    }
    return Chart::eventFilter(watched, event);
}

void MetricChart::fillContextMenu(QMenu& menu)
{
    QAction* log = menu.addAction(tr("Logarithmic value axis"));
    log->setCheckable(true);
    log->setChecked(m_logY);
    connect(log, &QAction::toggled, this, &MetricChart::setLogY);
}

QString MetricChart::csv() const
{
    QString text = QStringLiteral("run,step,seconds,%1,smoothed\n").arg(toQString(m_metric));
    for (const auto& [run, curve] : m_curves)
        for (std::size_t i = 0; i < curve->points.size(); ++i)
            text += QStringLiteral("%1,%2,%3,%4,%5\n")
                        .arg(run)
                        .arg(curve->points[i].step)
                        .arg(curve->points[i].seconds, 0, 'g', 9)
                        .arg(curve->points[i].value, 0, 'g', 17)
                        .arg(curve->smoothed[i], 0, 'g', 9);
    return text;
}

} // namespace mpo
