// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/evaluation_report.h"
#include "core/engine/judge_calls.h"
#include "core/evaluation/report_json.h"
#include "core/evaluation/report_tables.h"
#include "core/support/text.h"

#include <fmt/format.h>

namespace mpo::cli {

namespace {

/// With an empty line before; nothing for no rows.
void writeRows(const ReportTable& table)
{
    if (table.rows.empty())
        return;
    std::vector<std::vector<std::string>> lines {table.header};
    lines.insert(lines.end(), table.rows.begin(), table.rows.end());
    writeLine("");
    writeTable(lines);
}

void writeReport(const EvaluationContent& content, const SessionReport& report)
{
    const EvaluationRow& row = content.row;
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& line : outcomeTable(report, {row.sourceA, row.sourceB}).rows)
        fields.emplace_back(line[0], line[1]);
    writeFields(fields);
    if (report.fromModels)
        note(row.name + ": only models have judged");
    writeRows(criteriaTable(report));
    writeRows(judgeTable(report));
    writeRows(agreementTable(report));
    writeRows(modelAgreementTable(report));
    writeRows(gapTable(report));
    writeRows(queueTable(report, promptsOf(content)));
}

void writeJudgeCalls(const std::vector<JudgeCalls>& all)
{
    if (all.empty())
        return;
    std::vector<std::vector<std::string>> table {
        {"asked", "calls", "unclear", "failed", "same in both orders", "first chosen", "cost"}};
    for (const JudgeCalls& calls : all)
        table.push_back({calls.annotator, grouped(calls.calls), grouped(calls.unclear), grouped(calls.failed),
            calls.consistent.n > 0 ? fmt::format("{} of {}: {:.1f} % ({:.1f} to {:.1f})", calls.consistent.hits,
                calls.consistent.n, 100.0 * calls.consistent.share, 100.0 * calls.consistent.interval.low,
                100.0 * calls.consistent.interval.high)
                                   : "-",
            calls.consistent.n > 0
                ? fmt::format("{:.1f} % (p = {:.2g})", 100.0 * calls.firstChosen.leftShare, calls.firstChosen.p)
                : "-",
            fmt::format("{:.4f}", calls.cost)});
    writeLine("");
    writeTable(table);
}

void writeRanking(const SourceRanking& ranking)
{
    writeRows(ratingTable(ranking));
    if (!ranking.bradleyTerry.fit.linked)
        note("Not every source was compared with every other, directly or through others: their ratings cannot be "
             "compared either");
    writeRows(testTable(ranking));
}

} // namespace

int reportEvaluations(const GlobalOptions& global, const std::vector<std::string>& names, bool openEarly)
{
    const auto project = openEarly ? openProject(global, Project::Access::ReadWrite) : openProjectToShow(global);
    std::vector<RankedSession> sessions;
    for (const std::string& name : names) {
        const EvaluationContent content = openEvaluation(*project, name, openEarly ? Early::OpenAndLog : Early::Refuse);
        const SessionReport report = reportOf(content);
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
        writeReport(content, report);
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
