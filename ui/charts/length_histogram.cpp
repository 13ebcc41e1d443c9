// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/length_histogram.h"

#include "ui/charts/custom_plot.h"
#include "ui/format.h"
#include "ui/style.h"

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr int kBins = 60;
constexpr double kLogZero = 0.5; ///< where a length of 0 stands on a log axis

} // namespace

LengthHistogram::LengthHistogram(QWidget* parent)
    : Chart(parent)
{
    setEmptyText(tr("No lengths yet"));
    plot()->xAxis->ticker()->setTickCount(6);
    plot()->yAxis->ticker()->setTickCount(4);
    setMinimumHeight(18 * kSpace);
    LengthHistogram::applyColours();
}

void LengthHistogram::setSeries(std::vector<Series> series, const QString& unit)
{
    m_series = std::move(series);
    m_unit = unit;
    plot()->clearGraphs();
    m_graphs.clear();
    for (std::size_t i = 0; i < m_series.size(); ++i) {
        QCPGraph* graph = plot()->addGraph();
        graph->setLineStyle(QCPGraph::lsStepLeft);
        graph->setSelectable(QCP::stNone);
        m_graphs.push_back(graph);
    }
    count();
}

void LengthHistogram::setLogX(bool on)
{
    m_logX = on;
    plot()->xAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (on)
        plot()->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog));
    else
        plot()->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    plot()->xAxis->setNumberFormat(QStringLiteral("g"));
    count();
}

void LengthHistogram::count()
{
    std::int32_t longest = 0;
    for (const Series& series : m_series)
        for (const std::int32_t length : series.lengths)
            longest = std::max(longest, length);
    // Bins of whole lengths: [edge, next edge).
    const int bins = std::min(kBins, longest + 1);
    m_edges.clear();
    for (int i = 0; i <= bins; ++i) {
        const double share = double(i) / bins;
        const double edge = m_logX ? std::pow(double(longest) + 2.0, share) - 1.0 : share * (double(longest) + 1.0);
        const double whole = std::round(edge);
        if (m_edges.empty() || whole > m_edges.back())
            m_edges.push_back(whole);
    }
    m_counts.clear();
    for (std::size_t i = 0; i < m_series.size(); ++i) {
        std::vector<std::int64_t> counts(m_edges.size() - 1);
        for (const std::int32_t length : m_series[i].lengths)
            if (length >= 0) {
                const auto above = std::upper_bound(m_edges.begin(), m_edges.end(), double(length));
                ++counts[std::size_t(above - m_edges.begin()) - 1];
            }
        QVector<double> keys, values;
        for (std::size_t bin = 0; bin < counts.size(); ++bin) {
            keys << (m_logX ? std::max(m_edges[bin], kLogZero) : m_edges[bin]);
            values << double(counts[bin]);
        }
        keys << m_edges.back();
        values << 0.0;
        m_graphs[i]->setData(keys, values, true);
        m_counts.push_back(std::move(counts));
    }
    applyColours();
    resetView();
    replotSoon();
}

std::vector<std::int64_t> LengthHistogram::counts(Part part) const
{
    for (std::size_t i = 0; i < m_series.size(); ++i)
        if (m_series[i].part == part)
            return m_counts[i];
    return {};
}

bool LengthHistogram::isEmpty() const
{
    return std::all_of(m_series.begin(), m_series.end(), [](const Series& series) { return series.lengths.empty(); });
}

QString LengthHistogram::csv() const
{
    QStringList head {tr("from"), tr("below")};
    for (const Series& series : m_series)
        head << series.label;
    QString text = head.join(QLatin1Char(',')) + QLatin1Char('\n');
    for (std::size_t bin = 0; bin + 1 < m_edges.size(); ++bin) {
        text += QStringLiteral("%1,%2").arg(m_edges[bin]).arg(m_edges[bin + 1]);
        for (const auto& counts : m_counts)
            text += QStringLiteral(",%1").arg(counts[bin]);
        text += QLatin1Char('\n');
    }
    return text;
}

void LengthHistogram::resetView()
{
    if (m_edges.empty())
        return;
    std::int64_t highest = 1;
    for (const auto& counts : m_counts)
        for (const std::int64_t count : counts)
            highest = std::max(highest, count);
    const double first = m_logX ? kLogZero : 0.0;
    plot()->xAxis->setRange(first, std::max(first + 1.0, m_edges.back()));
    plot()->yAxis->setRange(0.0, 1.05 * double(highest));
}

QColor LengthHistogram::colourOf(Part part) const
{
    const Colours& c = colours();
    return part == Part::Prompt ? c.series.last() : part == Part::Chosen ? c.chosen : c.rejected;
}

void LengthHistogram::applyColours()
{
    Chart::applyColours();
    QStringList legend;
    for (std::size_t i = 0; i < m_graphs.size(); ++i) {
        const QColor strong = colourOf(m_series[i].part);
        QColor fill = strong;
        fill.setAlpha(colours().dark ? 50 : 36);
        m_graphs[i]->setPen(QPen(strong, 1.6));
        m_graphs[i]->setBrush(fill);
        legend << QStringLiteral("<span style='color:%1'>━</span> %2")
                      .arg(strong.name(), m_series[i].label.toHtmlEscaped());
    }
    setNote(legend.join(QStringLiteral(" &nbsp; ")));
    if (!m_series.empty())
        setTitle(tr("Rows by length in %1").arg(m_unit));
}

} // namespace mpo
