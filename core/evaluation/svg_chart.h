// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"
#include "core/evaluation/statistics.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Colours of series in order: Okabe and Ito's set ("Color Universal Design", 2008), which people with any common
/// colour vision tell apart, without its yellow, too pale for a line on white, and its black.
inline constexpr std::array<std::string_view, 6> kChartPalette {
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};
inline constexpr std::string_view kEasyColour = "#0072B2", kHardColour = "#D55E00"; ///< above, below the threshold

/// Charts as SVG text, complete in itself: no script, no font or image from outside, light background. `width`,
/// `height` in pixels. Any text may hold any characters.
struct ChartFrame
{
    std::string title, xLabel, yLabel;
    int width = 680, height = 320;
};

struct ChartLine
{
    std::string name;
    std::vector<double> x,
        y; ///< same size, x rising. What is not finite (or not positive on a log axis) breaks the line
    std::vector<Interval> intervals {}; ///< around each y, on a linear axis only; empty: none
};

struct LineChart
{
    ChartFrame frame;
    std::vector<ChartLine> lines;
    bool logY = false;
};
/// Of lines with more points than the chart has columns of pixels, the least and the greatest of each column are kept:
/// no outlier gets lost. Without any point to draw the chart says so.
std::string lineChartSvg(const LineChart& chart);

struct HistogramChart
{
    ChartFrame frame;
    Histogram histogram;
    std::optional<double> threshold; ///< a line; bars change their colour there, in the middle of a bar too
    std::string aboveName = "easy", belowName = "hard";
    bool logY = false;
};
std::string histogramChartSvg(const HistogramChart& chart);

struct ChartBar
{
    std::string name;
    double value = 0.0;
    std::optional<Interval> interval;
};

struct BarChart
{
    ChartFrame frame;
    std::vector<ChartBar> bars;
    std::optional<double> reference; ///< a dashed line: 0.5 for win rates
};
std::string barChartSvg(const BarChart& chart);

} // namespace mpo
