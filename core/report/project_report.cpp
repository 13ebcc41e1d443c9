// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/project_report.h"

#include "core/data/score_gaps.h"
#include "core/engine/catalogue.h"
#include "core/engine/evaluation_report.h"
#include "core/evaluation/report_tables.h"
#include "core/evaluation/svg_chart.h"
#include "core/report/repeat_commands.h"
#include "core/report/report_chain.h"
#include "core/report/run_section.h"
#include "core/report/versions.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mpo {

namespace {

constexpr int kBins = 40;
constexpr std::array kKinds {"pairs", "single responses", "prompts"};

/// What was made from what, in order.
ReportTable chainTable(const Lineage& lineage)
{
    std::vector<std::size_t> order(lineage.nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return lineage.nodes[a].column < lineage.nodes[b].column; });
    ReportTable table {{"what", "name", "made by", "from"}, {}, {}};
    for (const std::size_t place : order) {
        const LineageNode& node = lineage.nodes[place];
        std::vector<std::string> from;
        for (const LineageEdge& edge : lineage.edges)
            if (std::size_t(edge.to) == place)
                from.push_back(fmt::format("{} ({})", lineage.nodes[std::size_t(edge.from)].name, edge.role));
        table.rows.push_back(
            {std::string(lineageKindName(node.kind)), node.name + (node.present ? "" : " (not in the project)"),
                node.run != 0 ? fmt::format("run {}, {}", node.run, node.stage) : "-",
                from.empty() ? "-" : fmt::format("{}", fmt::join(from, ", "))});
    }
    return table;
}

ReportSection dataSection(const Project& project)
{
    ReportSection section {"Data", {}};
    ReportTable table {{"data set", "rows", "of", "left out", "source", "SHA-256"}, {}, {}};
    for (const DatasetRow& row : project.datasets()) {
        const auto report = project.importReport(row.name);
        table.rows.push_back({row.name, grouped(row.pairs), kKinds.at(std::size_t(row.kind)),
            report ? grouped(report->leftOut()) : "-", row.source, row.digest.substr(0, 12)});
    }
    section.blocks.push_back(table);
    return section;
}

std::string ruleOf(const Split& split)
{
    const SplitRule& rule = split.rule;
    const char* by = rule.by == SplitRule::By::Gap ? "gap above"
        : rule.by == SplitRule::By::Confidence     ? "confidence above"
                                                   : "share of easy pairs";
    std::string text = fmt::format("{} {:.4g}{}", by, rule.value, rule.absolute ? ", absolute gaps" : "");
    if (rule.contradictory)
        text += fmt::format("; contradictory below -{:.4g}", *rule.contradictory);
    if (const PairEdits edits = split.handEdits(); !edits.empty())
        text += fmt::format("; by hand {} flipped, {} dropped", grouped(std::int64_t(edits.flipped.size())),
            grouped(std::int64_t(edits.dropped.size())));
    return text;
}

ReportSection splitSection(const Project& project, const ReportChain& chain)
{
    ReportSection section {"Reward gaps and split", {}};
    ReportTable scores {{"scores", "of", "by", "held out", "pairs", "right side", "median gap"}, {}, {}};
    for (const ScoreSetRow& row : chain.scoreSets) {
        const GapIndex index(gapsOf(project.loadScores(row.name)));
        scores.rows.push_back({row.name, row.dataset, row.rewardModel, row.heldOut ? "yes" : "no", grouped(row.pairs),
            fmt::format("{:.1f} %", 100.0 * index.accuracy()), fmt::format("{:.3f}", index.median())});
    }
    if (!scores.rows.empty())
        section.blocks.push_back(scores);
    ReportTable splits {{"split", "rule", "threshold", "easy", "hard", "contradictory"}, {}, {}};
    for (const SplitRow& row : chain.splits) {
        const SplitCounts counts = row.split.counts();
        splits.rows.push_back({row.name, ruleOf(row.split), fmt::format("{:.4f}", row.split.threshold),
            grouped(counts.easy), grouped(counts.hard), grouped(counts.contradictory)});
    }
    if (!splits.rows.empty())
        section.blocks.push_back(splits);
    for (const SplitRow& row : chain.splits) {
        const std::vector<double> gaps = editedGaps(gapsOf(project.loadScores(row.scoreSet)), row.split.handEdits());
        HistogramChart chart;
        chart.frame.title = "Reward gaps of the pairs and the split " + row.name;
        chart.frame.xLabel = "reward gap = score of chosen - score of rejected";
        chart.frame.yLabel = "pairs";
        chart.frame.width = 880;
        chart.histogram = histogram(gaps, kBins);
        chart.threshold = row.split.threshold;
        section.blocks.push_back(ReportFigure {histogramChartSvg(chart), {}});
    }
    return section;
}

void addSession(Project& project, const EvaluationRow& row, ReportSection& section, std::vector<RankedSession>& ranked)
{
    if (!row.closed) {
        section.blocks.push_back(ReportParagraph {
            fmt::format("Session {}: {} of {} items are judged; still blind, so its result is not shown.", row.id,
                row.judged, row.items)});
        return;
    }
    const EvaluationContent content = openEvaluation(project, row.name);
    const SessionReport report = reportOf(content);
    ranked.push_back(rankedSession(content));
    const ReportSources sources {row.sourceA, row.sourceB};
    section.blocks.push_back(ReportParagraph {fmt::format("{}: {}.", row.name, outcomeSentence(report, sources))});
    ReportTable outcome = outcomeTable(report, sources);
    outcome.caption = "Session " + row.name;
    section.blocks.push_back(outcome);
    section.blocks.push_back(ReportFigure {sessionChartSvg(report, sources), {}});
    for (const ReportTable& table : {criteriaTable(report), judgeTable(report), agreementTable(report),
             modelAgreementTable(report), gapTable(report), queueTable(report, promptsOf(content))})
        if (!table.rows.empty())
            section.blocks.push_back(table);
    ReportTable log {{"time (UTC)", "what happened to the session"}, {}, "Log"};
    for (const EvaluationLogRow& entry : project.evaluationLog(row.id))
        log.rows.push_back({entry.created, entry.text});
    if (!log.rows.empty())
        section.blocks.push_back(log);
}

ReportSection evaluationSection(Project& project)
{
    ReportSection section {"Evaluation", {}};
    std::vector<RankedSession> ranked;
    for (const EvaluationRow& row : project.evaluations())
        addSession(project, row, section, ranked);
    if (ranked.size() > 1) {
        const SourceRanking ranking = rankSources(ranked);
        section.blocks.push_back(ReportParagraph {ranking.bradleyTerry.fit.linked
                ? "All sessions together:"
                : "All sessions together. Not every source was compared with every other, directly or through others: "
                  "their ratings cannot be compared either."});
        section.blocks.push_back(ratingTable(ranking));
        section.blocks.push_back(testTable(ranking));
    }
    if (section.blocks.empty())
        section.blocks.push_back(ReportParagraph {"There are no evaluation sessions yet."});
    return section;
}

ReportSection repeatSection(const Project& project, const ReportChain& chain)
{
    ReportSection section {"How to repeat this", {}};
    const std::string commit = programCommit();
    section.blocks.push_back(ReportTable {{},
        {{"MPO Studio", programVersion()}, {"commit", commit.empty() ? "not known" : commit},
            {"computes with", describeMachine()}, {"written", nowUtc()}},
        "Versions of the program that wrote this report; runs do not store theirs"});
    const std::string commands = repeatCommands(project, chain);
    if (!commands.empty()) {
        section.blocks.push_back(
            ReportParagraph {"In an empty folder, as `mpo --project again.mpo ...`. The same machine and number of "
                             "threads give the same numbers; another machine gives them up to rounding."});
        section.blocks.push_back(ReportCode {commands});
    }
    ReportTable digests {{"what", "name", "SHA-256"}, {}, "Digests: equal ones are the same data and weights"};
    for (const DatasetRow& row : project.datasets())
        digests.rows.push_back({"data", row.name, row.digest});
    for (const ModelRow& row : project.models())
        digests.rows.push_back({row.kind == "reward" ? "reward model" : "model", row.name, row.digest});
    if (!digests.rows.empty())
        section.blocks.push_back(digests);
    return section;
}

ReportSection otherRuns(const Project& project, const ReportChain& chain)
{
    ReportSection section {"Other runs of the project", {}};
    ReportTable table {{"run", "stage", "makes", "state", "steps", "began", "tags"}, {}, {}};
    const std::vector<RunRow> runs = project.runs();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run)
        if (std::none_of(chain.runs.begin(), chain.runs.end(), [&](const RunRow& one) { return one.id == run->id; }))
            table.rows.push_back({std::to_string(run->id), run->stage, run->name, std::string(runStateName(run->state)),
                fmt::format("{} of {}", run->steps, run->totalSteps), run->started,
                fmt::format("{}", fmt::join(run->tags, ", "))});
    if (!table.rows.empty())
        section.blocks.push_back(table);
    return section;
}

} // namespace

HtmlReport projectReport(Project& project, std::int64_t run)
{
    const ReportChain chain = reportChain(project, run);
    HtmlReport page;
    page.title = "MPO Studio: " + project.name();
    if (chain.run == 0) {
        page.introduction.push_back(ReportParagraph {"Nothing has been trained in this project yet."});
    } else {
        const RunRow& last = chain.runs.back();
        page.introduction.push_back(
            ReportParagraph {fmt::format("Mixed Preference Optimization (DPO on the easy pairs, PPO on the prompts of "
                                         "the hard ones). This page follows {} of run {} ({}) back to the data and "
                                         "models that were brought in.",
                last.name, last.id, last.stage)});
        page.introduction.push_back(chainTable(chain.lineage));
    }
    page.sections.push_back(dataSection(project));
    if (!chain.scoreSets.empty() || !chain.splits.empty())
        page.sections.push_back(splitSection(project, chain));
    for (const RunRow& row : chain.runs)
        page.sections.push_back(runSection(project, row));
    page.sections.push_back(evaluationSection(project));
    page.sections.push_back(repeatSection(project, chain));
    if (ReportSection others = otherRuns(project, chain); !others.blocks.empty())
        page.sections.push_back(std::move(others));
    return page;
}

std::filesystem::path projectReportFile(const Project& project) { return project.folder() / "report" / "project.html"; }

} // namespace mpo
