// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/event_printer.h"

#include "app/cli/console.h"
#include "core/data/score_gaps.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace mpo::cli {

namespace {

/// The metrics that a person follows, most wanted first; the table of steps shows the first few that a stage reports.
constexpr auto kFollowed = std::to_array<std::string_view>(
    {"loss", "rewards/accuracies", "rewards/margins", "accuracy", "margin", "objective/scores", "objective/kl",
        "response/length", "loss/policy_avg", "loss/value_avg", "grad_norm", "learning_rate", "tokens_per_second"});
constexpr std::size_t kColumns = 6;
constexpr double kRowsPerRun = 20.0, kRowsInPipeline = 5.0;

const Metric* find(const Metrics& metrics, std::string_view name)
{
    const auto found
        = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
    return found == metrics.end() ? nullptr : &*found;
}

std::size_t columnWidth(const std::string& name) { return std::max<std::size_t>(name.size(), 9); }

void printReport(const std::string& name, const ImportReport& report)
{
    constexpr std::array kinds {"pairs", "completions", "prompts"};
    writeLine(fmt::format("{}: {} {} of {} records imported ({})", name, grouped(report.imported),
        kinds.at(std::size_t(report.kind)), grouped(report.records), report.format));
    for (const auto& [field, from] : report.mapping)
        writeLine(fmt::format("  {} <- {}", field, toPrintable(from)));
    const auto skipped = [](std::int64_t count, const char* why) {
        if (count > 0)
            writeLine(fmt::format("  {} skipped: {}", grouped(count), why));
    };
    skipped(report.malformed, "malformed");
    skipped(report.emptyAnswers, "a response is empty");
    skipped(report.identicalResponses, "chosen and rejected are identical");
    skipped(report.duplicates, "duplicates");
    skipped(report.ties, "ties");
    skipped(report.unpaired, "no response of the other label to the same prompt");
    constexpr std::size_t shown = 10;
    for (std::size_t i = 0; i < std::min(shown, report.issues.size()); ++i)
        writeLine(fmt::format("  line {}: {}", report.issues[i].line, toPrintable(report.issues[i].reason)));
    if (report.issues.size() > shown)
        writeLine("  ... the others with --json");
}

double sumOf(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

void printBench(const BenchMeasured& event)
{
    const double seconds = sumOf(event.stepSeconds);
    if (seconds <= 0.0)
        return;
    std::vector<std::vector<std::string>> table {{"workload", event.workload + ", " + event.dtype},
        {event.itemName + " per second", shortNumber(sumOf(event.stepItems) / seconds)}};
    if (!event.stepTokens.empty())
        table.push_back({"tokens per second", shortNumber(sumOf(event.stepTokens) / seconds)});
    table.push_back({"largest memory", fmt::format("{:.0f} MB", event.peakResidentMb)});
    table.push_back({"start to first step", fmt::format("{:.1f} s", event.firstStepSeconds)});
    if (event.usedGflops > 0.0)
        table.push_back({"matrix products",
            fmt::format("{:.0f} GFLOP/s, {:.0f} % of the {:.0f} that one large product reaches", event.usedGflops,
                100.0 * event.usedGflops / event.gemmGflops, event.gemmGflops)});
    writeTable(table);
}

void printScores(const PairsScored& event)
{
    std::vector<double> gaps = gapsOf(*event.scores);
    std::erase_if(gaps, [](double gap) { return !std::isfinite(gap); });
    const auto left = event.scores->size() - gaps.size();
    writeLine(fmt::format("{}: {} pairs scored{}", event.scoreSet, grouped(std::int64_t(gaps.size())),
        left > 0 ? fmt::format(", {} left out", left) : ""));
    if (gaps.empty())
        return;
    const GapIndex index(gaps);
    double sum = 0.0;
    for (const double gap : gaps)
        sum += gap;
    writeFields({{"reward-model accuracy", fmt::format("{:.1f} %", 100.0 * index.accuracy())},
        {"mean reward gap", shortNumber(sum / double(gaps.size()))}, {"median", shortNumber(index.median())},
        {"range", shortNumber(index.minimum()) + " to " + shortNumber(index.maximum())}});
    const Histogram bins = histogram(gaps, 16);
    const auto largest = std::max<std::int64_t>(1, *std::max_element(bins.counts.begin(), bins.counts.end()));
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
        const auto length = std::size_t(std::ceil(40.0 * double(bins.counts[i]) / double(largest)));
        writeLine(fmt::format("{:>9.3f}  {:<40}  {}", bins.low + bins.binWidth() * double(i), std::string(length, '#'),
            grouped(bins.counts[i])));
    }
}

void printResponses(const ResponsesSampled& event)
{
    std::size_t number = 0;
    for (const Response& response : *event.responses) {
        writeLine(fmt::format("[{}] {}", ++number, oneLine(response.prompt, 300)));
        writeLine(fmt::format("    {}{}", oneLine(response.text, 2000), response.finished ? "" : " ..."));
        if (response.score)
            writeLine("    score " + shortNumber(*response.score));
    }
}

void printLogProbs(const LogProbsComputed& event)
{
    std::vector<std::vector<std::string>> rows {
        {"pair", "chosen", "rejected", "difference", "chosen tokens", "rejected tokens", "prompt tokens"}};
    for (const PairLogProb& row : *event.rows)
        rows.push_back({std::to_string(rows.size()), fmt::format("{:.3f}", row.chosen),
            fmt::format("{:.3f}", row.rejected), fmt::format("{:.3f}", row.chosen - row.rejected),
            std::to_string(row.chosenTokens), std::to_string(row.rejectedTokens), std::to_string(row.promptTokens)});
    writeTable(rows);
}

void printJudged(const EvaluationJudged& event)
{
    std::vector<std::pair<std::string, std::string>> fields {{"judge", event.annotator},
        {"verdicts", fmt::format("{} of {} items, {} unclear", event.judged, event.items, event.unclear)},
        {event.transcript.empty() ? "scored now" : "calls",
            fmt::format("{}{}", event.calls, event.failed > 0 ? fmt::format(", {} failed", event.failed) : "")}};
    if (event.bothOrders > 0)
        fields.emplace_back("same in both orders", fmt::format("{} of {}", event.consistent, event.bothOrders));
    if (event.cost > 0.0)
        fields.emplace_back("cost so far", fmt::format("{:.4f}", event.cost));
    if (!event.transcript.empty())
        fields.emplace_back("transcript", event.transcript.string());
    writeFields(fields);
    if (!event.stopReason.empty())
        note(event.stopReason);
    else if (event.failed > 0)
        note("Some calls failed; the same command asks them again");
}

} // namespace

EventPrinter::EventPrinter(const GlobalOptions& global, Printing printing)
    : m_json(global.json)
    , m_quiet(global.quiet)
    , m_printing(std::move(printing))
{
}

void EventPrinter::print(const Event& event)
{
    if (const auto* line = std::get_if<LogLine>(&event)) {
        if (line->level == LogLine::Level::Warning)
            note("warning: " + line->text);
        else if (line->level == LogLine::Level::Error || !m_quiet)
            note(line->text);
        return;
    }
    if (const auto* progress = std::get_if<Progress>(&event)) {
        if (m_quiet)
            return;
        const std::string share = progress->share < 0.0 ? "" : fmt::format(" {:.0f} %", 100.0 * progress->share);
        if (statusVisible())
            showStatus(progress->what + share + (progress->detail.empty() ? "" : "  " + progress->detail));
        else
            noteProgress(progress->what);
        return;
    }
    if (m_json) {
        for (const Json& line : jsonLines(event, m_printing))
            writeLine(toLine(line));
    } else {
        printForPeople(event);
    }
    flushOutput();
}

/// Off a terminal what takes long gets one line, and what is done at once none.
void EventPrinter::noteProgress(const std::string& what)
{
    constexpr auto kLong = std::chrono::seconds(1);
    const auto now = std::chrono::steady_clock::now();
    if (what != m_progress) {
        m_progress = what;
        m_progressBegin = now;
        m_progressNoted = false;
    }
    if (!m_progressNoted && now - m_progressBegin >= kLong) {
        m_progressNoted = true;
        note(what);
    }
}

void EventPrinter::printForPeople(const Event& event)
{
    if (const auto* imported = std::get_if<DatasetImported>(&event)) {
        printReport(imported->name, *imported->report);
    } else if (const auto* exported = std::get_if<DatasetExported>(&event)) {
        writeLine(fmt::format("{}: {} rows of {}", exported->file.string(), grouped(exported->rows), exported->name));
    } else if (const auto* saved = std::get_if<ModelSaved>(&event)) {
        writeLine(fmt::format("Model {}", saved->name.empty() ? saved->folder.string() : saved->name));
    } else if (const auto* scored = std::get_if<PairsScored>(&event)) {
        printScores(*scored);
    } else if (const auto* split = std::get_if<SplitSaved>(&event)) {
        std::string line = fmt::format("{}: threshold {}, {} easy, {} hard", split->name, shortNumber(split->threshold),
            grouped(split->counts.easy), grouped(split->counts.hard));
        if (split->counts.contradictory > 0)
            line += fmt::format(", {} contradictory", grouped(split->counts.contradictory));
        if (split->edits > 0)
            line += fmt::format("; by hand {} flipped, {} dropped (revision {})", grouped(split->flipped),
                grouped(split->counts.dropped), split->edits);
        writeLine(line);
    } else if (const auto* sampled = std::get_if<ResponsesSampled>(&event)) {
        printResponses(*sampled);
    } else if (const auto* logProbs = std::get_if<LogProbsComputed>(&event)) {
        printLogProbs(*logProbs);
    } else if (const auto* evaluation = std::get_if<EvaluationCreated>(&event)) {
        writeLine(
            fmt::format("Evaluation {0} is ready; judge it in the window (mpo-studio) or here (mpo evaluate answer "
                        "{0})",
                evaluation->name));
        if (evaluation->leftOut > 0)
            writeLine(fmt::format("{} prompts were left out: a response may tell whose it is ({})",
                grouped(evaluation->leftOut), toPrintable(evaluation->leakWords)));
        if (evaluation->leaks > 0)
            note(fmt::format(
                "warning: To {} prompts a response may tell whose it is ({}); --without-leaks leaves them out",
                grouped(evaluation->leaks), toPrintable(evaluation->leakWords)));
    } else if (const auto* judged = std::get_if<EvaluationJudged>(&event)) {
        printJudged(*judged);
    } else if (const auto* bench = std::get_if<BenchMeasured>(&event)) {
        printBench(*bench);
    } else if (const auto* report = std::get_if<ReportWritten>(&event)) {
        writeLine("");
        writeTable(report->table);
        const auto page = report->folder / "index.html";
        if (std::filesystem::exists(page)) {
            writeLine("");
            writeLine("Report: " + page.string());
        }
    } else if (m_quiet) {
        return;
    } else if (const auto* step = std::get_if<PipelineStep>(&event)) {
        writeLine(fmt::format("[{}/{}] {}", step->step, step->steps, step->title));
    } else if (const auto* run = std::get_if<RunStarted>(&event)) {
        m_stage = run->stage;
        m_columns.clear();
        m_evaluation.clear();
        m_nextShare = 0.0;
        m_firstStep = run->firstStep;
        writeLine(fmt::format("Run {}: {} -> {}, {} steps{}", run->run, run->stage, run->name, grouped(run->totalSteps),
            run->firstStep > 0 ? fmt::format(", resumed after step {}", run->firstStep) : ""));
    } else if (const auto* metrics = std::get_if<MetricsLogged>(&event)) {
        printStep(*metrics);
    } else if (const auto* ended = std::get_if<RunEnded>(&event)) {
        std::string line;
        for (const Metric& metric : m_evaluation)
            line += fmt::format("  {} {}", metric.name, shortNumber(metric.value));
        if (!line.empty())
            writeLine(line);
        if (ended->state == RunState::Finished)
            writeLine(fmt::format("Run {} finished", ended->run));
    }
}

void EventPrinter::printStep(const MetricsLogged& step)
{
    for (const Metric& metric : step.metrics)
        if (metric.name.starts_with("eval_") && partOfMetric(metric.name).part.empty()) {
            std::erase_if(m_evaluation, [&](const Metric& known) { return known.name == metric.name; });
            m_evaluation.push_back(metric);
        }
    if (m_columns.empty()) {
        std::string heading = "    step";
        for (const std::string_view name : kFollowed)
            if (find(step.metrics, name) && m_columns.size() < kColumns) {
                m_columns.emplace_back(name);
                heading += fmt::format("  {:>{}}", name, columnWidth(m_columns.back()));
            }
        writeLine(heading);
    }
    const double share = double(step.step) / double(std::max<std::int64_t>(step.totalSteps, 1));
    const bool due = step.step <= m_firstStep + 1 || share >= m_nextShare || step.step == step.totalSteps;
    if (due) {
        const double rows = m_printing.json == Printing::Json::Everything ? kRowsInPipeline : kRowsPerRun;
        m_nextShare = (std::floor(share * rows) + 1.0) / rows;
        std::string row = fmt::format("{:>8}", step.step);
        for (const std::string& name : m_columns) {
            const Metric* metric = find(step.metrics, name);
            row += fmt::format("  {:>{}}", metric ? shortNumber(metric->value) : "-", columnWidth(name));
        }
        writeLine(row);
    }
    const auto done = double(step.step - m_firstStep);
    showStatus(fmt::format("{}  {} of {}  {} left", m_stage, step.step, step.totalSteps,
        duration(done > 0.0 ? step.seconds / done * double(step.totalSteps - step.step) : 0.0)));
}

} // namespace mpo::cli
