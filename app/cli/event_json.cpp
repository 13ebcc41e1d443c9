// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/event_printer.h"

#include <fmt/format.h>

#include <array>

namespace mpo::cli {

namespace {

constexpr std::array kIssueKinds {"malformed", "empty_answer", "identical_responses", "duplicate", "tie", "unpaired"};

Json ofReport(const std::string& name, const ImportReport& report)
{
    Json issues = Json::array();
    for (const ImportIssue& issue : report.issues)
        issues.push_back(
            {{"kind", kIssueKinds.at(std::size_t(issue.kind))}, {"line", issue.line}, {"reason", issue.reason}});
    Json mapping = Json::object();
    for (const auto& [field, from] : report.mapping)
        mapping[field] = from;
    return {{"name", name}, {"file", report.file}, {"format", report.format}, {"mapping", mapping},
        {"records", report.records}, {"imported", report.imported}, {"malformed", report.malformed},
        {"empty_answers", report.emptyAnswers}, {"identical_responses", report.identicalResponses},
        {"duplicates", report.duplicates}, {"ties", report.ties}, {"unpaired", report.unpaired}, {"issues", issues}};
}

/// The results of a command: what --json is for.
struct Results
{
    std::vector<Json>& lines;

    void operator()(const DatasetImported& event) { lines.push_back(ofReport(event.name, *event.report)); }
    void operator()(const DatasetExported& event)
    {
        lines.push_back({{"data", event.name}, {"file", event.file.string()}, {"rows", event.rows}});
    }
    void operator()(const PairsScored& event)
    {
        for (const PairScore& score : *event.scores)
            lines.push_back({{"chosen_score", score.chosen}, {"rejected_score", score.rejected}, {"gap", score.gap()}});
    }
    void operator()(const SplitSaved& event)
    {
        lines.push_back({{"split", event.name}, {"threshold", event.threshold}, {"easy", event.counts.easy},
            {"hard", event.counts.hard}, {"contradictory", event.counts.contradictory}, {"edits", event.edits},
            {"flipped", event.flipped}, {"dropped", event.counts.dropped}});
    }
    void operator()(const ResponsesSampled& event)
    {
        for (const Response& response : *event.responses) {
            Json row {{"ids", response.ids}, {"text", response.text}, {"finish", response.finished ? "eos" : "length"}};
            if (response.score)
                row["score"] = *response.score;
            lines.push_back(std::move(row));
        }
    }
    void operator()(const LogProbsComputed& event)
    {
        for (const PairLogProb& row : *event.rows)
            lines.push_back({{"chosen_logprob", row.chosen}, {"rejected_logprob", row.rejected},
                {"chosen_tokens", row.chosenTokens}, {"rejected_tokens", row.rejectedTokens},
                {"prompt_tokens", row.promptTokens}});
    }
    void operator()(const EvaluationCreated& event)
    {
        lines.push_back({{"evaluation", event.name}, {"id", event.evaluation}, {"leaks", event.leaks},
            {"left_out", event.leftOut}, {"leak_words", event.leakWords}});
    }
    void operator()(const EvaluationJudged& event)
    {
        lines.push_back({{"evaluation", event.evaluation}, {"annotator", event.annotator}, {"judged", event.judged},
            {"items", event.items}, {"unclear", event.unclear}, {"calls", event.calls}, {"failed", event.failed},
            {"cost", event.cost}, {"both_orders", event.bothOrders}, {"consistent", event.consistent},
            {"stopped", event.stopReason.empty() ? Json() : Json(event.stopReason)},
            {"transcript", event.transcript.empty() ? Json() : Json(event.transcript.string())}});
    }
    void operator()(const BenchMeasured& event)
    {
        lines.push_back({{"workload", event.workload}, {"items", event.itemName}, {"dtype", event.dtype},
            {"threads", event.threads}, {"step_seconds", event.stepSeconds}, {"step_items", event.stepItems},
            {"step_tokens", event.stepTokens}, {"first_step_seconds", event.firstStepSeconds},
            {"peak_rss_mb", event.peakResidentMb}, {"gemm_gflops", event.gemmGflops}, {"used_gflops", event.usedGflops},
            {"losses", event.losses}});
    }
    template<class Other>
    void operator()(const Other&)
    {
    }
};

Json ofStep(const MetricsLogged& event)
{
    Json line {{"step", event.step}, {"run", event.run}, {"total_steps", event.totalSteps}};
    for (const Metric& metric : event.metrics)
        line[metric.name] = metric.value;
    return line;
}

/// What a pipeline tells on its way. Each line says in "event" what it is.
struct Pipeline
{
    std::vector<Json>& lines;

    void operator()(const PipelineStep& event)
    {
        lines.push_back(
            {{"event", "pipeline_step"}, {"number", event.step}, {"of", event.steps}, {"title", event.title}});
    }
    void operator()(const RunStarted& event)
    {
        lines.push_back({{"event", "run_started"}, {"run", event.run}, {"stage", event.stage}, {"name", event.name},
            {"total_steps", event.totalSteps}, {"first_step", event.firstStep}});
    }
    void operator()(const RunEnded& event)
    {
        lines.push_back({{"event", "run_ended"}, {"run", event.run}, {"state", runStateName(event.state)},
            {"message", event.message}});
    }
    void operator()(const ModelSaved& event)
    {
        lines.push_back({{"event", "model_saved"}, {"model", event.name}, {"folder", event.folder.string()}});
    }
    void operator()(const PairsScored& event)
    {
        lines.push_back({{"event", "pairs_scored"}, {"scores", event.scoreSet}, {"pairs", event.scores->size()}});
    }
    void operator()(const ReportWritten& event)
    {
        lines.push_back({{"event", "report"}, {"folder", event.folder.string()}, {"table", event.table}});
    }
    template<class Other>
    void operator()(const Other&)
    {
    }
};

} // namespace

std::vector<Json> jsonLines(const Event& event, const Printing& printing)
{
    std::vector<Json> lines;
    const bool pipeline = printing.json == Printing::Json::Everything;
    if (pipeline)
        std::visit(Pipeline {lines}, event);
    // In a pipeline the rows of a scoring are told as one event, see above.
    if (!pipeline || !std::holds_alternative<PairsScored>(event))
        std::visit(Results {lines}, event);
    if (printing.json != Printing::Json::Results) {
        if (const auto* step = std::get_if<MetricsLogged>(&event))
            lines.push_back(ofStep(*step));
        const auto* end = std::get_if<CommandFinished>(&event);
        if (end && end->outcome == CommandFinished::Outcome::Succeeded) {
            Json line {{"event", "finished"}};
            if (!printing.result.empty())
                line["model"] = printing.result;
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

} // namespace mpo::cli
