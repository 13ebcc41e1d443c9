// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/svg_chart.h"

#include "core/evaluation/axis_ticks.h"
#include "core/evaluation/markup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

constexpr std::string_view kInk = "#222222", kFaint = "#666666", kGrid = "#DDDDDD", kPaper = "#FFFFFF";
constexpr double kCharacter = 6.6; ///< width of an average sans-serif character of 12 px; names are laid out by it

double textWidth(std::string_view text)
{
    return kCharacter
        * double(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; })); // UTF-8 starts
}

/// The text cut to about `width` pixels, escaped; the whole of it stays as a tool-tip.
std::string fittedText(const std::string& text, double width)
{
    if (textWidth(text) <= width)
        return escapeMarkup(text);
    std::size_t end = 0;
    for (double used = kCharacter; end < text.size(); ++end)
        if ((text[end] & 0xC0) != 0x80 && (used += kCharacter) > width)
            break;
    return fmt::format("<title>{}</title>{}…", escapeMarkup(text), escapeMarkup(text.substr(0, end)));
}

std::string number(double value) { return fmt::format("{:.4g}", value); }

struct LegendEntry
{
    std::string name;
    std::string_view colour;
};

/// A number's place on an axis; the pixels may run downwards.
struct Scale
{
    AxisTicks ticks;
    bool logarithmic = false;
    double first = 0.0, last = 1.0; ///< pixels of ticks.low and ticks.high

    double pixel(double value) const
    {
        const auto place = [this](double v) { return logarithmic ? std::log10(v) : v; };
        const double low = place(ticks.low), high = place(ticks.high);
        return first + (last - first) * (place(value) - low) / (high - low);
    }
};

/// The picture under construction: title and legend above, the plot's rectangle below them.
class Drawing
{
public:
    Drawing(const ChartFrame& frame, std::span<const LegendEntry> legend, double leftMargin)
        : m_frame(frame)
        , left(leftMargin)
        , right(frame.width - 18.0)
        , bottom(frame.height - (frame.xLabel.empty() ? 28.0 : 46.0))
    {
        m_svg = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
            "role=\"img\" "
            "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\" font-size=\"12\" fill=\"{2}\">\n"
            "<title>{3}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"{4}\"/>\n",
            frame.width, frame.height, kInk, escapeMarkup(frame.title), kPaper);
        double y = 12.0;
        if (!frame.title.empty()) {
            add("<text x=\"{:.1f}\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{}</text>", 12.0,
                fittedText(frame.title, (frame.width - 24.0) * 12.0 / 14.0));
            y = 32.0;
        }
        double x = left;
        for (const LegendEntry& entry : legend) {
            const double wide = 24.0 + std::min(textWidth(entry.name), right - left - 24.0);
            if (x > left && x + wide > right) {
                x = left;
                y += 18.0;
            }
            add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{}\"/>", x, y - 2.0,
                entry.colour);
            add("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + 17.0, y + 8.0, fittedText(entry.name, wide - 24.0));
            x += wide + 14.0;
        }
        top = legend.empty() ? y + 4.0 : y + 22.0;
    }

    template<class... Args>
    void add(fmt::format_string<Args...> format, Args&&... args)
    {
        m_svg += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }

    void drawXAxis(const Scale& x, bool grid)
    {
        for (std::size_t i = 0; i < x.ticks.marks.size(); ++i) {
            const double at = x.pixel(x.ticks.marks[i]);
            if (grid)
                drawLine(at, top, at, bottom, kGrid);
            drawLine(at, bottom, at, bottom + 4.0, kFaint);
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" fill=\"{}\">{}</text>", at, bottom + 17.0,
                kFaint, x.ticks.labels[i]);
        }
        drawLine(left, bottom, right, bottom, kFaint);
        if (!m_frame.xLabel.empty())
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", 0.5 * (left + right),
                m_frame.height - 10.0, fittedText(m_frame.xLabel, right - left));
    }

    void drawYAxis(const Scale& y)
    {
        for (std::size_t i = 0; i < y.ticks.marks.size(); ++i) {
            const double at = y.pixel(y.ticks.marks[i]);
            drawLine(left, at, right, at, kGrid);
            add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"{}\">{}</text>", left - 7.0, at + 4.0,
                kFaint, y.ticks.labels[i]);
        }
        if (!m_frame.yLabel.empty())
            add("<text transform=\"translate(14 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                0.5 * (top + bottom), fittedText(m_frame.yLabel, bottom - top));
    }

    void drawLine(double x1, double y1, double x2, double y2, std::string_view colour, std::string_view more = "")
    {
        add("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"{}/>", x1, y1, x2, y2, colour,
            more);
    }

    std::string emptyChart()
    {
        add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" fill=\"{}\">Nothing to draw yet</text>",
            0.5 * m_frame.width, 0.5 * m_frame.height, kFaint);
        return finish();
    }
    std::string finish() { return std::move(m_svg) + "</svg>\n"; }

private:
    const ChartFrame& m_frame;
    std::string m_svg;

public:
    double left, right, top = 0.0, bottom; ///< of the plot, in pixels
};

double leftMarginFor(const AxisTicks& ticks, const ChartFrame& frame)
{
    double widest = 0.0;
    for (const std::string& label : ticks.labels)
        widest = std::max(widest, textWidth(label));
    return 16.0 + widest + (frame.yLabel.empty() ? 0.0 : 16.0);
}

struct Range
{
    double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
    bool empty() const { return low > high; }
    void include(double value)
    {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

struct Point
{
    double x = 0.0, y = 0.0; ///< pixels
};

/// At most four points for each column of pixels: its first, least, greatest and last.
std::vector<Point> thinned(const std::vector<Point>& points, double columns)
{
    if (double(points.size()) <= 4.0 * columns)
        return points;
    std::vector<Point> kept;
    for (std::size_t begin = 0; begin < points.size();) {
        std::size_t end = begin, least = begin, greatest = begin;
        for (; end < points.size() && std::floor(points[end].x) == std::floor(points[begin].x); ++end) {
            least = points[end].y < points[least].y ? end : least;
            greatest = points[end].y > points[greatest].y ? end : greatest;
        }
        std::array<std::size_t, 4> wanted {begin, least, greatest, end - 1};
        std::sort(wanted.begin(), wanted.end());
        for (auto it = wanted.begin(), last = std::unique(wanted.begin(), wanted.end()); it != last; ++it)
            kept.push_back(points[*it]);
        begin = end;
    }
    return kept;
}

void drawRun(Drawing& drawing, const std::vector<Point>& run, std::string_view colour)
{
    if (run.size() == 1) // a line of one point would not be seen
        drawing.add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>", run[0].x, run[0].y, colour);
    if (run.size() < 2)
        return;
    std::string points;
    for (const Point& point : thinned(run, drawing.right - drawing.left))
        points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", point.x, point.y);
    drawing.add("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" points=\"{}\"/>",
        colour, points);
}

} // namespace

std::string lineChartSvg(const LineChart& chart)
{
    const auto drawable = [&](const ChartLine& line, std::size_t i) {
        return std::isfinite(line.x[i]) && std::isfinite(line.y[i]) && (!chart.logY || line.y[i] > 0.0);
    };
    Range xRange, yRange;
    std::vector<LegendEntry> legend;
    for (const ChartLine& line : chart.lines) {
        assert(line.x.size() == line.y.size());
        assert(line.intervals.empty() || (line.intervals.size() == line.x.size() && !chart.logY));
        for (std::size_t i = 0; i < line.x.size(); ++i)
            if (drawable(line, i)) {
                xRange.include(line.x[i]);
                yRange.include(line.y[i]);
                if (!line.intervals.empty()) {
                    yRange.include(line.intervals[i].low);
                    yRange.include(line.intervals[i].high);
                }
            }
        if (!line.name.empty())
            legend.push_back(
                {line.name, kChartPalette[std::size_t(&line - chart.lines.data()) % kChartPalette.size()]});
    }
    if (yRange.empty())
        return Drawing(chart.frame, legend, 16.0).emptyChart();

    const AxisTicks yTicks = chart.logY ? logTicks(yRange.low, yRange.high) : linearTicks(yRange.low, yRange.high);
    Drawing drawing(chart.frame, legend, leftMarginFor(yTicks, chart.frame));
    const Scale y {yTicks, chart.logY, drawing.bottom, drawing.top};
    // The x axis ends where the data end: an empty stretch would look like training still to come.
    AxisTicks xTicks = linearTicks(xRange.low, xRange.high, 8);
    if (xRange.low < xRange.high) {
        xTicks.low = xRange.low;
        xTicks.high = xRange.high;
        for (std::size_t i = xTicks.marks.size(); i-- > 0;)
            if (xTicks.marks[i] < xTicks.low || xTicks.marks[i] > xTicks.high) {
                xTicks.marks.erase(xTicks.marks.begin() + std::ptrdiff_t(i));
                xTicks.labels.erase(xTicks.labels.begin() + std::ptrdiff_t(i));
            }
    }
    const Scale x {xTicks, false, drawing.left, drawing.right};
    drawing.drawYAxis(y);
    drawing.drawXAxis(x, false);
    for (std::size_t number = 0; number < chart.lines.size(); ++number) {
        const ChartLine& line = chart.lines[number];
        const std::string_view colour = kChartPalette[number % kChartPalette.size()];
        constexpr double kApart = 6.0, kHalfCap = 3.0;
        const double beside // or intervals at one x would cover each other
            = line.intervals.empty() ? 0.0 : kApart * (double(number) - double(chart.lines.size() - 1) / 2.0);
        std::vector<Point> run;
        for (std::size_t i = 0; i <= line.x.size(); ++i) {
            if (i < line.x.size() && drawable(line, i)) {
                const Point at {x.pixel(line.x[i]) + beside, y.pixel(line.y[i])};
                run.push_back(at);
                if (line.intervals.empty())
                    continue;
                const double low = y.pixel(line.intervals[i].low), high = y.pixel(line.intervals[i].high);
                drawing.drawLine(at.x, low, at.x, high, colour);
                for (const double end : {low, high})
                    drawing.drawLine(at.x - kHalfCap, end, at.x + kHalfCap, end, colour);
                drawing.add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>", at.x, at.y, colour);
                continue;
            }
            drawRun(drawing, run, colour);
            run.clear();
        }
    }
    return drawing.finish();
}

std::string histogramChartSvg(const HistogramChart& chart)
{
    const Histogram& bins = chart.histogram;
    std::int64_t most = 0;
    for (const std::int64_t count : bins.counts)
        most = std::max(most, count);
    std::vector<LegendEntry> legend;
    if (chart.threshold)
        legend = {{chart.belowName, kHardColour}, {chart.aboveName, kEasyColour}};
    if (most == 0)
        return Drawing(chart.frame, legend, 16.0).emptyChart();

    // On a log axis a count of 1 must stand above the floor, so the floor is one half.
    AxisTicks yTicks = chart.logY ? logTicks(1.0, double(most)) : linearTicks(0.0, double(most));
    const double base = chart.logY ? 0.5 : 0.0;
    yTicks.low = base;
    for (std::size_t i = yTicks.marks.size(); i-- > 0;)
        if (yTicks.marks[i] != std::floor(yTicks.marks[i])) { // there is no half pair
            yTicks.marks.erase(yTicks.marks.begin() + std::ptrdiff_t(i));
            yTicks.labels.erase(yTicks.labels.begin() + std::ptrdiff_t(i));
        }
    Drawing drawing(chart.frame, legend, leftMarginFor(yTicks, chart.frame));
    const Scale y {yTicks, chart.logY, drawing.bottom, drawing.top};
    const Scale x {linearTicks(bins.low, bins.high, 8), false, drawing.left, drawing.right};
    drawing.drawYAxis(y);

    const auto bar = [&](double low, double high, std::int64_t count, std::string_view colour) {
        if (!(low < high) || count <= 0)
            return;
        const double x1 = x.pixel(low), x2 = x.pixel(high), up = y.pixel(double(count));
        drawing.add("<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\" fill=\"{}\"/>", x1, up,
            std::max(0.5, x2 - x1 - (x2 - x1 > 4.0 ? 1.0 : 0.0)), drawing.bottom - up, colour);
    };
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
        const double low = bins.low + double(i) * bins.binWidth(), high = low + bins.binWidth();
        const double border = chart.threshold ? std::clamp(*chart.threshold, low, high) : low;
        bar(low, border, bins.counts[i], kHardColour);
        bar(border, high, bins.counts[i], kEasyColour);
    }
    drawing.drawXAxis(x, false);
    if (chart.threshold && std::isfinite(*chart.threshold)) {
        const double value = std::clamp(*chart.threshold, x.ticks.low, x.ticks.high), at = x.pixel(value);
        drawing.drawLine(at, drawing.top, at, drawing.bottom, kInk, " stroke-width=\"1.5\" stroke-dasharray=\"5 3\"");
        const bool roomRight = at + 110.0 < drawing.right;
        drawing.add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">threshold {}</text>",
            at + (roomRight ? 5.0 : -5.0), drawing.top + 10.0, roomRight ? "start" : "end", number(*chart.threshold));
    }
    return drawing.finish();
}

std::string barChartSvg(const BarChart& chart)
{
    Range range;
    range.include(0.0);
    if (chart.reference)
        range.include(*chart.reference);
    double names = 0.0;
    bool any = false;
    for (const ChartBar& bar : chart.bars) {
        names = std::max(names, textWidth(bar.name));
        if (!std::isfinite(bar.value))
            continue;
        any = true;
        range.include(bar.value);
        if (bar.interval) {
            range.include(bar.interval->low);
            range.include(bar.interval->high);
        }
    }
    // Bars lie, so that their names can be read.
    names = std::min(names, 0.4 * chart.frame.width);
    Drawing drawing(chart.frame, {}, 24.0 + names);
    if (!any)
        return drawing.emptyChart();
    const double numbers = 52.0; // room for the value at the right edge
    const Scale x {linearTicks(range.low, range.high), false, drawing.left, drawing.right - numbers};
    drawing.drawXAxis(x, true);
    const double row = (drawing.bottom - drawing.top) / double(chart.bars.size()), thick = std::min(26.0, 0.6 * row);
    for (std::size_t i = 0; i < chart.bars.size(); ++i) {
        const ChartBar& bar = chart.bars[i];
        const double middle = drawing.top + (double(i) + 0.5) * row;
        drawing.add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", drawing.left - 8.0, middle + 4.0,
            fittedText(bar.name, names));
        if (!std::isfinite(bar.value))
            continue;
        const double from = x.pixel(std::min(0.0, bar.value)), to = x.pixel(std::max(0.0, bar.value));
        drawing.add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\" fill=\"{}\"/>", from,
            middle - 0.5 * thick, to - from, thick, kChartPalette[0]);
        if (bar.interval && std::isfinite(bar.interval->low) && std::isfinite(bar.interval->high)) {
            const double low = x.pixel(bar.interval->low), high = x.pixel(bar.interval->high);
            for (const auto& [x1, y1, x2, y2] :
                {std::array {low, middle, high, middle}, std::array {low, middle - 5.0, low, middle + 5.0},
                    std::array {high, middle - 5.0, high, middle + 5.0}})
                drawing.drawLine(x1, y1, x2, y2, kInk, " stroke-width=\"1.5\"");
        }
        drawing.add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", drawing.right, middle + 4.0,
            number(bar.value));
    }
    if (chart.reference) {
        const double at = x.pixel(*chart.reference);
        drawing.drawLine(at, drawing.top, at, drawing.bottom, kInk, " stroke-dasharray=\"5 3\"");
    }
    return drawing.finish();
}

} // namespace mpo
