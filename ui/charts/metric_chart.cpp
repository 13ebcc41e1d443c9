// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_chart.h"

#include "ui/charts/crosshair.h"
#include "ui/charts/custom_plot.h"
#include "ui/charts/metric_tickers.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QDateTime>
#include <QMenu>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mpo {

MetricChart::MetricChart(const std::string& metric, QWidget* parent, const QString& title)
    : Chart(parent)
    , m_metric(metric)
    , m_line(new QCPItemStraightLine(plot()))
{
    const MetricInfo* info = findMetricInfo(metric);
    const QString unit = info && !info->unit.empty() ? QStringLiteral(" (%1)").arg(toQString(info->unit)) : QString();
    setTitle(title.isEmpty() ? toQString(metric) : title,
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

double MetricChart::keyOf(const MetricCurve& curve, const MetricPoint& point) const
{
    switch (m_xAxis) {
    case XAxis::Step:
        return double(point.step);
    case XAxis::LogStep:
        return point.step > 0 ? double(point.step) : std::numeric_limits<double>::quiet_NaN();
    case XAxis::Time:
        return point.seconds;
    case XAxis::Clock:
        return curve.began + point.seconds;
    }
    return 0.0;
}

QString MetricChart::keyText(const MetricCurve& curve, const MetricPoint& point) const
{
    if (alongSteps())
        return QString::number(point.step);
    if (m_xAxis == XAxis::Time)
        return formatDuration(point.seconds);
    return QDateTime::fromMSecsSinceEpoch(qint64(std::llround(1000.0 * keyOf(curve, point))))
        .toString(QStringLiteral("HH:mm:ss"));
}

MetricCurve::Drawing MetricChart::drawing(const MetricCurve& curve) const
{
    // Time in a resumed run is the exception: its keys may fall, then QCustomPlot sorts.
    return {
        [this, &curve](const MetricPoint& point) { return keyOf(curve, point); }, alongSteps(), m_logY, m_smoothing};
}

MetricCurve& MetricChart::curveFor(const Key& key)
{
    const auto found = m_curves.find(key);
    return found != m_curves.end() ? found->second : m_curves.emplace(key, MetricCurve(*plot())).first->second;
}

void MetricChart::setCurve(
    qint64 run, const QString& label, CurveLook look, std::span<const MetricPoint> points, const std::string& part)
{
    MetricCurve& curve = curveFor({run, part});
    curve.label = label;
    curve.look = look;
    curve.set(points, drawing(curve));
    applyColours();
    updateAlarm();
    replotSoon();
}

void MetricChart::setLook(qint64 run, const std::string& part, CurveLook look)
{
    if (const auto found = m_curves.find({run, part}); found != m_curves.end())
        found->second.look = look;
    applyColours();
    replotSoon();
}

void MetricChart::setBegan(qint64 run, double secondsSince1970)
{
    for (auto& [key, curve] : m_curves)
        if (key.first == run && std::exchange(curve.began, secondsSince1970) != secondsSince1970
            && m_xAxis == XAxis::Clock)
            curve.redraw(drawing(curve));
    replotSoon();
}

void MetricChart::append(qint64 run, std::span<const MetricPoint> points, const std::string& part)
{
    if (points.empty())
        return;
    if (!hasCurve(run, part)) {
        curveFor({run, part}).look.colour = int(m_curves.size()) - 1;
        applyColours();
    }
    MetricCurve& curve = curveFor({run, part});
    curve.append(points, drawing(curve));
    updateAlarm();
    if (!m_pointer)
        showValues({});
    replotSoon();
}

void MetricChart::removeCurves()
{
    for (auto& [key, curve] : m_curves)
        curve.removeFrom(*plot());
    m_curves.clear();
    m_alarms.clear();
    setNote({});
    setWarning({});
    replotSoon();
}

void MetricChart::rebuildAll()
{
    for (auto& [key, curve] : m_curves)
        curve.redraw(drawing(curve));
    replotSoon();
}

void MetricChart::setXAxis(XAxis axis)
{
    if (m_xAxis == axis)
        return;
    m_xAxis = axis;
    using Ticker = QSharedPointer<QCPAxisTicker>;
    plot()->xAxis->setTicker(axis == XAxis::Step ? Ticker(new StepTicker)
            : axis == XAxis::LogStep             ? Ticker(new QCPAxisTickerLog)
            : axis == XAxis::Time                ? Ticker(new TimeTicker)
                                                 : Ticker(new ClockTicker));
    plot()->xAxis->ticker()->setTickCount(4);
    plot()->xAxis->setScaleType(axis == XAxis::LogStep ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    plot()->xAxis->setNumberFormat(QStringLiteral("g"));
    plot()->xAxis->setNumberPrecision(6);
    showAll(); // a zoom into steps means nothing along time
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

std::vector<MetricPoint> MetricChart::points(qint64 run, const std::string& part) const
{
    const auto found = m_curves.find({run, part});
    return found == m_curves.end() ? std::vector<MetricPoint>() : found->second.points();
}

std::vector<double> MetricChart::smoothed(qint64 run, const std::string& part) const
{
    const auto found = m_curves.find({run, part});
    return found == m_curves.end() ? std::vector<double>() : found->second.smoothed();
}

std::vector<const MetricCurve*> MetricChart::inOrder() const
{
    std::vector<std::pair<qint64, const MetricCurve*>> curves;
    for (const auto& [key, curve] : m_curves)
        if (!curve.points().empty())
            curves.emplace_back(key.first, &curve);
    std::stable_sort(curves.begin(), curves.end(), [](const auto& a, const auto& b) {
        return std::pair(a.first, a.second->look.colour) < std::pair(b.first, b.second->look.colour);
    });
    std::vector<const MetricCurve*> result;
    for (const auto& [run, curve] : curves)
        result.push_back(curve);
    return result;
}

bool MetricChart::isEmpty() const
{
    return std::none_of(m_curves.begin(), m_curves.end(), [this](const auto& entry) {
        return m_logY ? std::isfinite(entry.second.lowestPositive()) : !entry.second.points().empty();
    });
}

void MetricChart::resetView()
{
    double left = HUGE_VAL, right = -HUGE_VAL, low = HUGE_VAL, high = -HUGE_VAL;
    for (const auto& [run, curve] : m_curves) {
        const std::vector<MetricPoint>& points = curve.points();
        const auto first = std::find_if(points.begin(), points.end(),
            [&, &curve = curve](const MetricPoint& point) { return std::isfinite(keyOf(curve, point)); });
        if (first == points.end())
            continue;
        left = std::min(left, keyOf(curve, *first));
        right = std::max(right, keyOf(curve, points.back()));
        low = std::min(low, m_logY ? curve.lowestPositive() : curve.lowest());
        high = std::max(high, curve.highest());
    }
    if (!(left <= right))
        return;
    if (left == right) {
        left = m_xAxis == XAxis::LogStep ? left / 1.5 : left - 0.5;
        right = m_xAxis == XAxis::LogStep ? right * 1.5 : left + 1.0;
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
    for (auto& [key, curve] : m_curves)
        curve.beforeReplot(plot()->yAxis->range().lower);
}

void MetricChart::applyColours()
{
    Chart::applyColours();
    if (m_line)
        m_line->setPen(QPen(colours().faint, 1, Qt::DotLine));
    for (auto& [key, curve] : m_curves)
        curve.style(m_smoothing);
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
    for (const MetricCurve* curve : inOrder()) {
        const std::vector<MetricPoint>& points = curve->points();
        // Without a pointer: the latest value.
        auto found = points.end() - 1;
        if (x) {
            found = std::lower_bound(points.begin(), points.end(), *x,
                [&](const MetricPoint& point, double key) { return !(keyOf(*curve, point) >= key); });
            if (found == points.end()
                || (found != points.begin() && *x - keyOf(*curve, *(found - 1)) < keyOf(*curve, *found) - *x))
                --found;
        }
        // Several in one line need the room.
        const int digits = curve->look.strata > 0 ? 2 : 4;
        QString value = QStringLiteral("<span style='color:%1'>%2</span>")
                            .arg(curve->look.inTheme().name(), formatNumber(found->value, digits));
        if (x && values.isEmpty())
            value.prepend(QStringLiteral("%1: ").arg(keyText(*curve, *found)));
        values << value;
    }
    setNote(values.join(QStringLiteral(" &nbsp;")));
    if (lineMoved && !plot()->visibleRegion().isEmpty())
        plot()->layer(QStringLiteral("overlay"))->replot();
}

void MetricChart::moveCursor(int steps)
{
    const std::vector<const MetricCurve*> curves = inOrder();
    if (!m_crosshair || curves.empty())
        return;
    const MetricCurve& curve = *curves.front();
    const std::vector<MetricPoint>& points = curve.points();
    const QCPRange seen = plot()->xAxis->range();
    auto at = qsizetype(points.size()) - 1;
    if (m_pointer) {
        const auto found = std::lower_bound(points.begin(), points.end(), *m_pointer,
            [&](const MetricPoint& point, double key) { return !(keyOf(curve, point) >= key); });
        at = std::clamp<qsizetype>(found - points.begin() + steps, 0, at);
    }
    if (const double key = keyOf(curve, points[std::size_t(at)]); std::isfinite(key))
        m_crosshair->moveTo(std::clamp(key, seen.lower, seen.upper));
}

void MetricChart::focusOutEvent(QFocusEvent* event)
{
    if (m_crosshair)
        m_crosshair->moveTo({});
    Chart::focusOutEvent(event);
}

void MetricChart::setAlarm(qint64 run, const QString& sentence)
{
    if (sentence.isEmpty())
        m_alarms.erase(run);
    else
        m_alarms[run] = sentence;
    updateAlarm();
}

QString MetricChart::warning() const
{
    for (const auto& [key, curve] : m_curves)
        if (!curve.points().empty() && std::isnan(curve.points().back().value))
            return tr("The value is not a number. Stop the run and lower learning_rate.");
    return m_alarms.empty() ? QString() : m_alarms.begin()->second;
}

void MetricChart::updateAlarm() { setWarning(warning()); }

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
    const bool parts
        = std::any_of(m_curves.begin(), m_curves.end(), [](const auto& entry) { return !entry.first.second.empty(); });
    QString text = QStringLiteral("run,%1step,seconds,%2,smoothed\n")
                       .arg(parts ? QStringLiteral("part,") : QString(), toQString(partOfMetric(m_metric).metric));
    for (const auto& [key, curve] : m_curves)
        for (std::size_t i = 0; i < curve.points().size(); ++i)
            text += QStringLiteral("%1,%2%3,%4,%5,%6\n")
                        .arg(key.first)
                        .arg(parts ? toQString(key.second) + QLatin1Char(',') : QString())
                        .arg(curve.points()[i].step)
                        .arg(curve.points()[i].seconds, 0, 'g', 9)
                        .arg(curve.points()[i].value, 0, 'g', 17)
                        .arg(curve.smoothed()[i], 0, 'g', 9);
    return text;
}

} // namespace mpo
