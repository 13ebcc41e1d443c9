// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/evaluation_report.h"
#include "core/engine/judge_calls.h"
#include "core/evaluation/report_json.h"

#include <fmt/format.h>

#include <cmath>

namespace mpo::cli {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

std::string percentWith(double share, const Interval& interval)
{
    return fmt::format("{:.1f} % ({:.1f} to {:.1f})", 100.0 * share, 100.0 * interval.low, 100.0 * interval.high);
}

std::string numberWith(double value, const Interval& interval)
{
    return std::isnan(interval.low) ? fmt::format("{:.2f}", value)
                                    : fmt::format("{:.2f} ({:.2f} to {:.2f})", value, interval.low, interval.high);
}

std::string countedWith(const CountedShare& share)
{
    return share.n == 0 ? "-"
                        : fmt::format("{} of {}: {}", share.hits, share.n, percentWith(share.share, share.interval));
}

std::string nameOf(const std::string& annotator) { return annotator.empty() ? "(no name)" : annotator; }

std::string counts(const Tally& tally) { return fmt::format("{} / {} / {}", tally.wins, tally.ties, tally.losses); }

Fields outcomeFields(const EvaluationRow& row, const SessionReport& report)
{
    Fields fields {{"A", row.sourceA}, {"B", row.sourceB},
        {"prompts", fmt::format("{} of {} judged, {} identical", report.judged, report.prompts, report.identical)},
        {"A wins / ties / B wins", counts(report.tally)},
        {"win rate of A, ties half", percentWith(report.winRate, report.wilson)},
        {"  bootstrap over prompts",
            fmt::format("({:.1f} to {:.1f})", 100.0 * report.bootstrap.low, 100.0 * report.bootstrap.high)},
        {"win rate of A, no ties", percentWith(report.winRateDecisive, report.wilsonDecisive)},
        {"sign test", fmt::format("p = {:.3g}", report.p)}, {"power for a true 60 %", percent(report.power)},
        {"more prompts for a decision",
            !report.morePrompts            ? "no difference was seen"
                : *report.morePrompts == 0 ? "none"
                                           : "about " + grouped(*report.morePrompts)}};
    if (const auto& length = report.length) {
        fields.emplace_back("win rate of A, equal length", percentWith(length->winRate, length->interval));
        fields.emplace_back("mean characters A / B, longer wins",
            fmt::format("{:.0f} / {:.0f}, {}", length->meanFirst, length->meanSecond, percent(length->longerWins)));
    }
    fields.emplace_back("left chosen",
        fmt::format("{} of {}: {}, p = {:.3g}", report.sides.left, report.sides.left + report.sides.right,
            percentWith(report.sides.leftShare, report.sides.interval), report.sides.p));
    if (report.scoreAgreement.n > 0)
        fields.emplace_back("same winner as reward model", countedWith(report.scoreAgreement));
    if (report.pairs.size() > 0) {
        fields.emplace_back("Krippendorff's alpha, nominal",
            report.nominal.value ? numberWith(*report.nominal.value, report.nominal.interval) : "-");
        fields.emplace_back("Krippendorff's alpha, ordinal",
            report.ordinal.value ? numberWith(*report.ordinal.value, report.ordinal.interval) : "-");
        fields.emplace_back("disputed items", grouped(std::int64_t(report.disputed.size())));
    }
    return fields;
}

void writeJudges(const SessionReport& report)
{
    std::vector<std::vector<std::string>> table {
        {"judge", "judged", "A / tie / B", "win rate of A", "left chosen", "same again", "gold right", "seconds"}};
    for (const JudgeReport& judge : report.judges)
        table.push_back({nameOf(judge.annotator), grouped(judge.judged), counts(judge.tally),
            percentWith(judge.winRate, judge.interval),
            fmt::format("{:.0f} % (p = {:.2g})", 100.0 * judge.sides.leftShare, judge.sides.p),
            judge.repeats.repeated > 0 ? fmt::format("{} of {}", judge.repeats.same, judge.repeats.repeated) : "-",
            judge.gold.n > 0 ? fmt::format("{} of {}", judge.gold.hits, judge.gold.n) : "-",
            fmt::format("{:.1f}", judge.medianSeconds)});
    writeLine("");
    writeTable(table);
}

void writeTables(const SessionReport& report)
{
    writeJudges(report);
    if (!report.pairs.empty()) {
        std::vector<std::vector<std::string>> table {{"two judges", "items", "agreement", "kappa"}};
        for (const RaterAgreement& pair : report.pairs)
            table.push_back(
                {nameOf(report.judges[pair.first].annotator) + ", " + nameOf(report.judges[pair.second].annotator),
                    grouped(pair.items), pair.items > 0 ? percentWith(pair.share, pair.shareInterval) : "-",
                    pair.items > 0 ? numberWith(pair.kappa, pair.kappaInterval) : "-"});
        writeLine("");
        writeTable(table);
    }
    if (!report.models.empty()) {
        std::vector<std::vector<std::string>> table {{"judge against people", "same outcome", "kappa", "same winner"}};
        for (const ModelAgreement& model : report.models)
            table.push_back({model.annotator, countedWith(model.same), numberWith(model.kappa, model.kappaInterval),
                countedWith(model.decisive)});
        writeLine("");
        writeTable(table);
    }
    if (!report.gapGroups.empty()) {
        std::vector<std::vector<std::string>> table {{"reward gap", "A / tie / B", "win rate of A", "as reward model"}};
        for (const GapGroup& group : report.gapGroups)
            table.push_back({fmt::format("{:.2f} to {:.2f}", group.low, group.high), counts(group.tally),
                percentWith(winRate(group.tally), group.interval), countedWith(group.agreement)});
        writeLine("");
        writeTable(table);
    }
}

void writeJudgeCalls(const std::vector<JudgeCalls>& all)
{
    if (all.empty())
        return;
    std::vector<std::vector<std::string>> table {
        {"asked", "calls", "unclear", "failed", "same in both orders", "first chosen", "cost"}};
    for (const JudgeCalls& calls : all)
        table.push_back({calls.annotator, grouped(calls.calls), grouped(calls.unclear), grouped(calls.failed),
            countedWith(calls.consistent),
            calls.consistent.n > 0
                ? fmt::format("{} (p = {:.2g})", percent(calls.firstChosen.leftShare), calls.firstChosen.p)
                : "-",
            fmt::format("{:.4f}", calls.cost)});
    writeLine("");
    writeTable(table);
}

void writeRanking(const SourceRanking& ranking)
{
    std::vector<std::vector<std::string>> table {
        {"source", "rating", "95 %", "Davidson", "95 %", "wins against the others"}};
    const auto rating = [](double strength) { return fmt::format("{:.0f}", ratingOf(strength)); };
    const auto between
        = [&](const Interval& interval) { return rating(interval.low) + " to " + rating(interval.high); };
    for (std::size_t i = 0; i < ranking.sources.size(); ++i)
        table.push_back({ranking.sources[i], rating(ranking.bradleyTerry.fit.logStrength[i]),
            between(ranking.bradleyTerry.intervals[i]), rating(ranking.davidson.fit.logStrength[i]),
            between(ranking.davidson.intervals[i]), percent(ranking.bradleyTerry.winRate[i])});
    writeLine("");
    writeTable(table);
    if (!ranking.bradleyTerry.fit.linked)
        note("Not every source was compared with every other, directly or through others: their ratings cannot be "
             "compared either");
    table = {{"session", "A / tie / B", "sign test", "after Holm"}};
    for (const SourceRanking::Comparison& one : ranking.comparisons)
        table.push_back(
            {one.session, counts(one.tally), fmt::format("{:.3g}", one.p), fmt::format("{:.3g}", one.adjusted)});
    writeLine("");
    writeTable(table);
}

} // namespace

int reportEvaluations(const GlobalOptions& global, const std::vector<std::string>& names, bool openEarly)
{
    const auto project = openEarly ? openProject(global, Project::Access::ReadWrite) : openProjectToShow(global);
    std::vector<RankedSession> sessions;
    for (const std::string& name : names) {
        const EvaluationContent content = openEvaluation(*project, name, openEarly ? Early::OpenAndLog : Early::Refuse);
        const SessionReport report = sessionReport(content.items, content.reported);
        const auto log = project->evaluationLog(content.row.id);
        sessions.push_back(rankedSession(content));
        if (global.json) {
            Json line {{"evaluation", name}, {"closed", content.row.closed}, {"model_a", content.row.sourceA},
                {"model_b", content.row.sourceB}};
            line.update(toJson(report));
            line["judge_calls"] = Json::array();
            for (const JudgeCalls& calls : judgeCallsOf(*project, content.row.id))
                line["judge_calls"].push_back(toJson(calls));
            line["log"] = Json::array();
            for (const EvaluationLogRow& entry : log)
                line["log"].push_back({{"created", entry.created}, {"text", entry.text}});
            writeLine(toLine(line));
            continue;
        }
        if (names.size() > 1)
            writeLine((sessions.size() > 1 ? "\n" : "") + name);
        writeFields(outcomeFields(content.row, report));
        if (report.fromModels)
            note(name + ": only models have judged");
        writeTables(report);
        writeJudgeCalls(judgeCallsOf(*project, content.row.id));
        for (const EvaluationLogRow& entry : log)
            writeLine(fmt::format("{}  {}", entry.created, entry.text));
    }
    if (sessions.size() > 1) {
        const SourceRanking ranking = rankSources(sessions);
        if (global.json)
            writeLine(toLine({{"ranking", toJson(ranking)}}));
        else
            writeRanking(ranking);
    }
    return 0;
}

} // namespace mpo::cli
