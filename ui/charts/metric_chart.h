// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "ui/charts/chart.h"

#include <QPointer>

#include <map>
#include <memory>
#include <optional>
#include <span>

class QCPGraph;
class QCPItemStraightLine;

namespace mpo {

class Crosshair;

/// Curves of one metric, one for each run: the raw line faint behind its moving average. No point is left out: the
/// lines are drawn with minimum and maximum of each pixel, and a value that is not a number has a mark at the lower
/// edge.
class MetricChart : public Chart
{
    Q_OBJECT
public:
    enum class XAxis { Step, Time };

    explicit MetricChart(const std::string& metric, QWidget* parent = nullptr);
    ~MetricChart() override;

    const std::string& metric() const { return m_metric; }
    /// Replaces a curve; `colour` counts in colours().series.
    void setCurve(qint64 run, const QString& label, int colour, std::span<const MetricPoint> points);
    /// Adds to a curve; points at steps that are there already replace the rest of it (a run was resumed).
    void append(qint64 run, std::span<const MetricPoint> points);
    void removeCurves();
    bool hasCurve(qint64 run) const { return m_curves.contains(run); }

    void setXAxis(XAxis axis);
    void setLogY(bool on);
    void setSmoothing(double weight); ///< in [0, 1): weight of the past in the moving average; 0: raw line only
    void setCrosshair(Crosshair* crosshair);

    std::vector<MetricPoint> points(qint64 run) const;
    std::vector<double> smoothed(qint64 run) const; ///< parallel to points()

protected:
    bool isEmpty() const override;
    QString csv() const override;
    void resetView() override;
    void applyColours() override;
    void beforeReplot() override;
    void fillContextMenu(QMenu& menu) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Curve;

    void addCurve(qint64 run, const QString& label, int colour);
    void addPoints(Curve& curve, std::span<const MetricPoint> points);
    void rebuild(Curve& curve);
    void rebuildAll();
    void showValues(std::optional<double> x);
    void updateAlarm();
    double keyOf(const MetricPoint& point) const;

    std::string m_metric;
    std::map<qint64, std::unique_ptr<Curve>> m_curves;
    QCPItemStraightLine* m_line = nullptr;
    QPointer<Crosshair> m_crosshair;
    std::optional<double> m_pointer;
    XAxis m_xAxis = XAxis::Step;
    bool m_logY = false;
    double m_smoothing = 0.6;
};

} // namespace mpo
