// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/pipeline_report.h"

#include "core/data/score_gaps.h"
#include "core/evaluation/bootstrap.h"
#include "core/evaluation/html_report.h"
#include "core/evaluation/svg_chart.h"
#include "core/support/file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr int kBins = 40;

/// Curves that tell how a stage went, by name of the metric; those that a run does not have are left out.
constexpr std::array<std::string_view, 10> kCurves {"loss", "accuracy", "margin", "rewards/margins",
    "rewards/accuracies", "objective/scores", "objective/kl", "objective/kl_sft", "response/length",
    "val/explained_variance"};

std::string histogramOf(const Project& project, const PipelineReport& report)
{
    HistogramChart chart;
    chart.frame.title = "Reward gaps of the pairs and the split";
    chart.frame.xLabel = "reward gap = score of chosen - score of rejected";
    chart.frame.yLabel = "pairs";
    chart.histogram = histogram(gapsOf(project.loadScores(report.scoreSet)), kBins);
    chart.threshold = project.loadSplit(report.split).split.threshold;
    return histogramChartSvg(chart);
}

std::string winsOf(const std::vector<ComparedModel>& models)
{
    BarChart chart;
    chart.frame.title = "Share of prompts won against " + models.front().title;
    chart.frame.yLabel = "win rate";
    chart.reference = 0.5;
    for (auto model = models.begin() + 1; model != models.end(); ++model) {
        const double rate = winRate(model->againstFirst);
        chart.bars.push_back({model->title, rate, wilsonInterval(rate, model->againstFirst.total())});
    }
    return barChartSvg(chart);
}

std::string curveOf(const MetricSeries& series)
{
    LineChart chart;
    chart.frame = {series.name, "step", "", 440, 240};
    ChartLine line {series.name, {}, {}};
    for (const MetricPoint& point : series.points) {
        line.x.push_back(double(point.step));
        line.y.push_back(point.value);
    }
    chart.lines.push_back(std::move(line));
    return lineChartSvg(chart);
}

/// What the numbers allow to say about the last model, which is MPO.
std::string verdictOn(const std::vector<ComparedModel>& models)
{
    const auto average = [](const ComparedModel& model) { return summarise(model.rewards).mean; };
    const auto best = std::max_element(
        models.begin(), models.end(), [&](const auto& a, const auto& b) { return average(a) < average(b); });
    std::string text = fmt::format("Highest mean reward in this run: {}.", best->title);
    for (auto other = models.begin(); other + 1 != models.end(); ++other) {
        std::vector<double> differences;
        for (std::size_t i = 0; i < other->rewards.size(); ++i)
            differences.push_back(models.back().rewards[i] - other->rewards[i]);
        const Interval interval = bootstrapInterval(differences);
        const char* says = interval.low > 0.0 ? "better" : interval.high < 0.0 ? "worse" : "not told apart";
        text += fmt::format("\n{} against {}: {:+.2f} ({:+.2f} to {:+.2f}), {}.", models.back().title, other->title,
            summarise(differences).mean, interval.low, interval.high, says);
    }
    return text + "\nIntervals are 95 %, over prompts of this one run; another seed moves the numbers too.";
}

} // namespace

void writePipelineReport(const Workspace& workspace, const fs::path& folder, const PipelineReport& report)
{
    const Project& project = workspace.project();
    const auto table = comparisonTable(report.models, report.rewardName);
    const auto figure = [&](std::string file, std::string svg) {
        std::replace(file.begin(), file.end(), '/', '-');
        writeFileAtomically(folder / (file + ".svg"), svg);
        return ReportFigure {std::move(svg), {}};
    };

    HtmlReport page;
    page.title = report.title;
    page.introduction.push_back(ReportParagraph {report.introduction});
    page.introduction.push_back(ReportTable {table.front(), {table.begin() + 1, table.end()}, {}});
    page.introduction.push_back(ReportParagraph {verdictOn(report.models)});
    page.introduction.push_back(figure("wins", winsOf(report.models)));
    page.sections.push_back({"Reward gaps", {figure("histogram", histogramOf(project, report))}});
    const std::vector<RunRow> runs = project.runs(); // newest first
    for (const std::string& product : report.products) {
        const auto run = std::find_if(runs.begin(), runs.end(), [&](const RunRow& row) { return row.name == product; });
        if (run == runs.end())
            continue;
        ReportSection section {fmt::format("Run {}: {} of {}", run->id, run->stage, run->name), {}};
        const std::vector<MetricSeries> all = project.metrics(run->id);
        for (const std::string_view name : kCurves)
            for (const MetricSeries& series : all)
                if (series.name == name && series.points.size() > 1)
                    section.blocks.push_back(figure(fmt::format("{}-{}", run->name, name), curveOf(series)));
        page.sections.push_back(std::move(section));
    }
    writeFileAtomically(folder / "index.html", htmlReport(page));
    workspace.send(ReportWritten {folder, table});
}

} // namespace mpo
