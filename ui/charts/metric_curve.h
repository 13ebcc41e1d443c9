// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QColor>
#include <QString>

#include <cmath>
#include <functional>
#include <span>
#include <vector>

class QCPGraph;
class QCustomPlot;

namespace mpo {

/// How a curve is told from the others of its chart.
struct CurveLook
{
    int colour = 0; ///< in colours().series; of a stratum: its number
    int strata = 0; ///< > 0: a stratum of so many, in colours from hard to easy
    int dash = 0; ///< 0: solid
    QColor inTheme() const;
};

/// One metric of one run, or of a part of its examples, as it is drawn: the raw line faint behind its moving average,
/// and marks of values that are not numbers.
class MetricCurve
{
public:
    explicit MetricCurve(QCustomPlot& plot);
    void removeFrom(QCustomPlot& plot);

    /// How points become what is drawn.
    struct Drawing
    {
        std::function<double(const MetricPoint&)> key; ///< NaN: not on this axis
        bool keysRise = true; ///< along the curve
        bool logY = false;
        double smoothing = 0.6; ///< weight of the past
    };
    void set(std::span<const MetricPoint> points, const Drawing& drawing);
    /// Points at steps that are there already replace the rest of it (a run was resumed).
    void append(std::span<const MetricPoint> points, const Drawing& drawing);
    void redraw(const Drawing& drawing);
    void style(double smoothing);
    void beforeReplot(double lowerEdge);

    QString label;
    CurveLook look;
    double began = 0.0; ///< of the run, in seconds since 1970; 0: not known
    const std::vector<MetricPoint>& points() const { return m_points; }
    const std::vector<double>& smoothed() const { return m_smoothed; } ///< parallel to points()
    double lowest() const { return m_lowest; }
    double lowestPositive() const { return m_lowestPositive; }
    double highest() const { return m_highest; }

private:
    void add(std::span<const MetricPoint> points, const Drawing& drawing);

    QCPGraph *m_raw = nullptr, *m_average = nullptr, *m_notNumbers = nullptr; ///< of the plot
    std::vector<MetricPoint> m_points;
    std::vector<double> m_smoothed;
    double m_past = 0.0, m_weight = 0.0; ///< of the moving average, before its bias is taken out
    double m_lowest = HUGE_VAL, m_lowestPositive = HUGE_VAL, m_highest = -HUGE_VAL;
};

} // namespace mpo
