// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_report.h"

#include "core/evaluation/html_report.h"
#include "core/evaluation/svg_chart.h"
#include "core/support/file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr auto kNote = "Intervals are 95 %, by a bootstrap over seeds and, within them, prompts; with few seeds they "
                       "are rather too narrow. They are not widened for the number of comparisons.";

struct Sweep
{
    std::string_view name, heading, unit;
    std::vector<ExperimentRow> ExperimentSummary::*rows;
    double scale; ///< from the value to what is shown
};
constexpr std::array kSweeps {
    Sweep {"easy_share", "Share of easy pairs", "easy pairs, %", &ExperimentSummary::easyShare, 100.0},
    Sweep {"noise", "Flipped labels", "flipped labels, %", &ExperimentSummary::noise, 100.0},
    Sweep {"prompts", "Responses of the stage on prompts", "responses", &ExperimentSummary::prompts, 1.0}};

const Estimate& rewardOf(const ExperimentRow& row) { return row.trueReward ? *row.trueReward : row.score; }

std::string withInterval(const Estimate& estimate, int digits = 2)
{
    return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", estimate.mean, digits, estimate.interval.low, digits,
        estimate.interval.high, digits);
}

std::string percentWithInterval(const std::optional<Estimate>& share)
{
    return share ? fmt::format("{:.0f} % ({:.0f} to {:.0f})", 100.0 * share->mean, 100.0 * share->interval.low,
               100.0 * share->interval.high)
                 : "–";
}

std::vector<std::vector<std::string>> tableOf(const std::vector<ExperimentRow>& rows, const Sweep* sweep)
{
    std::vector<std::vector<std::string>> table {{}};
    const bool known
        = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.trueReward.has_value(); });
    std::vector<std::string>& heading = table.front();
    if (sweep)
        heading.emplace_back(sweep->unit);
    heading.emplace_back("Method");
    if (known)
        heading.emplace_back("True reward (95 %)");
    heading.insert(heading.end(),
        {"Reward model (95 %)", "Wins against SFT (95 %)", "KL to SFT", "KL to reference", "Length", "Seeds"});
    for (const ExperimentRow& row : rows) {
        std::vector<std::string> line;
        if (sweep)
            line.push_back(fmt::format("{:g}", row.value * sweep->scale));
        line.push_back(sweep ? row.method.name : methodTitle(row.method));
        if (known)
            line.push_back(row.trueReward ? withInterval(*row.trueReward) : "–");
        line.push_back(withInterval(row.score));
        line.push_back(percentWithInterval(row.wins));
        line.push_back(row.method.name == "sft" ? "–" : fmt::format("{:.1f}", row.klSft.mean));
        line.push_back(row.klReference ? fmt::format("{:.1f}", row.klReference->mean) : "–");
        line.push_back(fmt::format("{:.1f}", row.length.mean));
        line.push_back(std::to_string(row.seeds));
        table.push_back(std::move(line));
    }
    return table;
}

ReportTable reportTable(const std::vector<std::vector<std::string>>& table, std::string caption = {})
{
    return {table.front(), {table.begin() + 1, table.end()}, std::move(caption)};
}

std::string barsOf(const ExperimentSummary& summary)
{
    BarChart chart;
    chart.frame.title = summary.rewardName + " by method";
    chart.frame.height = 76 + 24 * int(summary.methods.size());
    for (const ExperimentRow& row : summary.methods)
        chart.bars.push_back({row.method.name, rewardOf(row).mean, rewardOf(row).interval});
    chart.reference = rewardOf(summary.methods.front()).mean; // SFT
    return barChartSvg(chart);
}

std::string curvesOf(const ExperimentSummary& summary, const Sweep& sweep)
{
    LineChart chart;
    chart.frame.title = fmt::format("{}: {}", summary.rewardName, sweep.heading);
    chart.frame.xLabel = sweep.unit;
    chart.frame.yLabel = "mean over seeds and prompts, 95 %";
    for (const ExperimentRow& row : summary.*sweep.rows) {
        auto line = std::find_if(chart.lines.begin(), chart.lines.end(),
            [&](const ChartLine& known) { return known.name == row.method.name; });
        if (line == chart.lines.end())
            line = chart.lines.insert(line, ChartLine {row.method.name, {}, {}});
        line->x.push_back(row.value * sweep.scale);
        line->y.push_back(rewardOf(row).mean);
        line->intervals.push_back(rewardOf(row).interval);
    }
    return lineChartSvg(chart);
}

Json toJson(const Estimate& estimate)
{
    return Json {{"mean", estimate.mean}, {"interval", {estimate.interval.low, estimate.interval.high}}};
}
Json toJson(const std::optional<Estimate>& estimate) { return estimate ? toJson(*estimate) : Json(); }

Json rowsJson(const std::vector<ExperimentRow>& rows, bool sweep)
{
    Json list = Json::array();
    for (const ExperimentRow& row : rows) {
        Json json {{"method", row.method.name}, {"title", methodTitle(row.method)}, {"seeds", row.seeds},
            {"prompts", row.prompts}, {"true_reward", toJson(row.trueReward)}, {"score", toJson(row.score)},
            {"wins_against_sft", toJson(row.wins)}, {"kl_sft", toJson(row.klSft)},
            {"kl_reference", toJson(row.klReference)}, {"length", toJson(row.length)}};
        if (sweep)
            json["value"] = row.value;
        list.push_back(std::move(json));
    }
    return list;
}

} // namespace

std::vector<std::vector<std::string>> experimentTable(const ExperimentSummary& summary)
{
    return tableOf(summary.methods, nullptr);
}

Json toJson(const ExperimentSummary& summary)
{
    Json json {{"reward", summary.rewardName}, {"methods", rowsJson(summary.methods, false)},
        {"differences", Json::array()}, {"statements", summary.statements}};
    for (const Sweep& sweep : kSweeps)
        if (!(summary.*sweep.rows).empty())
            json["sweeps"][std::string(sweep.name)] = rowsJson(summary.*sweep.rows, true);
    for (const ExperimentDifference& difference : summary.differences)
        json["differences"].push_back({{"method", difference.method}, {"other", difference.other},
            {"difference", toJson(difference.difference)}, {"verdict", difference.verdict()}});
    return json;
}

std::string experimentCsv(const ExperimentSummary& summary)
{
    std::string text = "part,value,method,seeds,prompts";
    for (const char* name : {"true_reward", "score", "wins_against_sft", "kl_sft", "kl_reference", "length"})
        text += fmt::format(",{0},{0}_low,{0}_high", name);
    text += "\n";
    const auto add = [&](std::string_view part, const std::vector<ExperimentRow>& rows) {
        for (const ExperimentRow& row : rows) {
            text += fmt::format("{},{},{},{},{}", part,
                part == "methods" ? std::string() : fmt::format("{:g}", row.value), row.method.name, row.seeds,
                row.prompts);
            for (const std::optional<Estimate>& estimate : {row.trueReward, std::optional(row.score), row.wins,
                     std::optional(row.klSft), row.klReference, std::optional(row.length)})
                text += estimate
                    ? fmt::format(",{},{},{}", estimate->mean, estimate->interval.low, estimate->interval.high)
                    : ",,,";
            text += "\n";
        }
    };
    add("methods", summary.methods);
    for (const Sweep& sweep : kSweeps)
        add(sweep.name, summary.*sweep.rows);
    return text;
}

void writeExperimentReport(
    const fs::path& folder, const std::string& title, const std::string& introduction, const ExperimentSummary& summary)
{
    const auto figure = [&](const std::string& file, std::string svg) {
        writeFileAtomically(folder / (file + ".svg"), svg);
        return ReportFigure {std::move(svg), {}};
    };
    HtmlReport page;
    page.title = title;
    page.introduction.push_back(ReportParagraph {introduction});
    if (!summary.methods.empty()) {
        page.introduction.push_back(reportTable(experimentTable(summary), kNote));
        page.introduction.push_back(figure("methods", barsOf(summary)));
    }
    if (!summary.differences.empty()) {
        std::vector<std::vector<std::string>> table {{"Against", "Difference (95 %)", "Verdict"}};
        for (const ExperimentDifference& difference : summary.differences)
            table.push_back({difference.other, withInterval(difference.difference), difference.verdict()});
        page.sections.push_back({fmt::format("{} of {} minus that of the others, on the same prompts",
                                     summary.rewardName, summary.differences.front().method),
            {reportTable(table)}});
    }
    for (const Sweep& sweep : kSweeps)
        if (!(summary.*sweep.rows).empty())
            page.sections.push_back({std::string(sweep.heading),
                {figure(fmt::format("sweep-{}", sweep.name), curvesOf(summary, sweep)),
                    reportTable(tableOf(summary.*sweep.rows, &sweep))}});
    if (!summary.statements.empty()) {
        std::string all;
        for (const std::string& sentence : summary.statements)
            all += (all.empty() ? "" : "\n") + sentence;
        page.sections.push_back({"What the sweeps say", {ReportParagraph {all}}});
    }
    writeFileAtomically(folder / "results.json", toJson(summary).dump(2) + "\n");
    writeFileAtomically(folder / "results.csv", experimentCsv(summary));
    writeFileAtomically(folder / "index.html", htmlReport(page));
}

} // namespace mpo
