// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "ui/charts/chart.h"
#include "ui/charts/metric_curve.h"

#include <QPointer>

#include <map>
#include <optional>
#include <span>
#include <utility>

class QCPItemStraightLine;

namespace mpo {

class Crosshair;

/// Curves of one metric, one for each run, or one for each part of the examples of each run: the raw line faint behind
/// its moving average. No point is left out: the lines are drawn with minimum and maximum of each pixel, and a value
/// that is not a number has a mark at the lower edge.
class MetricChart : public Chart
{
    Q_OBJECT
public:
    /// Time: seconds since the run began; Clock: the time of day.
    enum class XAxis { Step, LogStep, Time, Clock };

    /// `title`: in place of the name of the metric.
    explicit MetricChart(const std::string& metric, QWidget* parent = nullptr, const QString& title = {});
    ~MetricChart() override;

    const std::string& metric() const { return m_metric; }
    /// Replaces a curve. `part` names a part of the run's examples; empty: all.
    void setCurve(qint64 run, const QString& label, CurveLook look, std::span<const MetricPoint> points,
        const std::string& part = {});
    void setCurve(qint64 run, const QString& label, int colour, std::span<const MetricPoint> points)
    {
        setCurve(run, label, CurveLook {colour}, points);
    }
    void setLook(qint64 run, const std::string& part, CurveLook look);
    void setBegan(qint64 run, double secondsSince1970); ///< of all curves of the run, for the clock
    /// Adds to a curve; points at steps that are there already replace the rest of it (a run was resumed).
    void append(qint64 run, std::span<const MetricPoint> points, const std::string& part = {});
    void removeCurves();
    bool hasCurve(qint64 run, const std::string& part = {}) const { return m_curves.contains({run, part}); }
    /// What an alarm says of the metric in this run; empty: none holds.
    void setAlarm(qint64 run, const QString& sentence);
    QString warning() const; ///< that is shown: of alarms, and of a last value that is not a number

    void setXAxis(XAxis axis);
    void setLogY(bool on);
    void setSmoothing(double weight); ///< in [0, 1): weight of the past in the moving average; 0: raw line only
    void setCrosshair(Crosshair* crosshair);

    std::vector<MetricPoint> points(qint64 run, const std::string& part = {}) const;
    std::vector<double> smoothed(qint64 run, const std::string& part = {}) const; ///< parallel to points()

protected:
    bool isEmpty() const override;
    QString csv() const override;
    void resetView() override;
    void moveCursor(int steps) override;
    void applyColours() override;
    void beforeReplot() override;
    void fillContextMenu(QMenu& menu) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    using Key = std::pair<qint64, std::string>; ///< run and part

    MetricCurve& curveFor(const Key& key);
    std::vector<const MetricCurve*> inOrder() const; ///< those with points, by run and colour
    MetricCurve::Drawing drawing(const MetricCurve& curve) const;
    void rebuildAll();
    void showValues(std::optional<double> x);
    void updateAlarm();
    double keyOf(const MetricCurve& curve, const MetricPoint& point) const;
    QString keyText(const MetricCurve& curve, const MetricPoint& point) const;
    bool alongSteps() const { return m_xAxis == XAxis::Step || m_xAxis == XAxis::LogStep; }

    std::string m_metric;
    std::map<Key, MetricCurve> m_curves;
    std::map<qint64, QString> m_alarms; ///< of runs in which one holds
    QCPItemStraightLine* m_line = nullptr;
    QPointer<Crosshair> m_crosshair;
    std::optional<double> m_pointer;
    XAxis m_xAxis = XAxis::Step;
    bool m_logY = false;
    double m_smoothing = 0.6;
};

} // namespace mpo
