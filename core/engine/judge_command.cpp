// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/judge_calls.h"
#include "core/engine/workspace.h"
#include "core/judge/judge_run.h"
#include "core/support/error.h"

#include <cstdlib>
#include <map>

namespace mpo {

namespace {

std::string keyFrom(const std::string& variable)
{
    const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
    return value ? value : "";
}

JudgeRunOptions runOptions(const JudgeEvaluation& command)
{
    JudgeRunOptions options;
    options.model = command.model;
    options.judge = judgeTemplate(command.judgeTemplate);
    options.bothOrders = command.bothOrders;
    options.temperature = command.temperature;
    options.maxTokens = command.maxTokens;
    options.maxCalls = command.maxCalls;
    options.maxCost = command.maxCost;
    options.promptPrice = command.promptPrice;
    options.answerPrice = command.answerPrice;
    if (options.maxCost > 0.0 && options.promptPrice <= 0.0 && options.answerPrice <= 0.0)
        fail("A limit on the cost needs the prices of a million tokens");
    if (!command.extra.empty()) {
        options.extra = parseJson(command.extra, "the extra fields of the request");
        if (!options.extra.is_object())
            fail("The extra fields of the request must be one JSON object");
    }
    return options;
}

ChatEndpointOptions endpointOptions(const JudgeEvaluation& command)
{
    ChatEndpointOptions options;
    options.baseUrl = command.baseUrl;
    options.key = keyFrom(command.keyVariable);
    options.attempts = command.attempts;
    options.firstDelay = command.firstDelay;
    options.timeout = command.timeout;
    options.perMinute = command.perMinute;
    return options;
}

/// Writes the verdicts of one judge, each once.
class VerdictWriter
{
public:
    VerdictWriter(Project& project, std::int64_t evaluation, std::string annotator)
        : m_project(project)
        , m_evaluation(evaluation)
        , m_annotator(std::move(annotator))
    {
        for (const EvaluationItemRow& row : project.evaluationItems(evaluation, m_annotator))
            if (row.verdict)
                m_there[row.number] = *row.verdict;
    }

    void write(std::int64_t number, Verdict verdict, const std::string& comment)
    {
        if (const auto there = m_there.find(number); there != m_there.end() && there->second == verdict)
            return;
        m_project.judge(m_evaluation, number, verdict, comment, 0.0, m_annotator);
        m_there[number] = verdict;
    }

private:
    Project& m_project;
    std::int64_t m_evaluation;
    std::string m_annotator;
    std::map<std::int64_t, Verdict> m_there;
};

} // namespace

void judgeEvaluationCommand(const Workspace& workspace, const JudgeEvaluation& command)
{
    Project& project = workspace.project();
    const EvaluationRow row = project.evaluation(command.evaluation);
    if (row.closed)
        fail("The evaluation \"{}\" is closed: its judgments can no longer change", row.name);
    if (command.model.empty())
        fail("No model is named for the judge");
    const JudgeRunOptions options = runOptions(command);
    const std::string annotator
        = std::string(kModelJudgePrefix) + (command.name.empty() ? command.model : command.name);
    const auto stopped = [&] { return workspace.stopped(); };
    ChatEndpoint endpoint(
        endpointOptions(command), stopped, [&](const std::string& sentence) { workspace.warning(sentence); });
    Json settings {{"annotator", annotator}};
    settings.update(judgeSettings(options, command.baseUrl));
    const auto file = judgeTranscriptFile(project, row.id, annotator);
    JudgeTranscript transcript(file, settings);

    // Repeats with exchanged sides are for people: a model is asked in both orders anyway.
    VerdictWriter writer(project, row.id, annotator);
    const std::vector<EvaluationItemInput> all = project.blindItems(row.id);
    std::vector<JudgeItem> items;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const EvaluationItemInput& item = all[i];
        if (item.kind == ItemKind::Repeat)
            continue;
        if (item.responseA == item.responseB)
            writer.write(std::int64_t(i), Verdict::Tie, "Identical responses: a tie by rule");
        else
            items.push_back({std::int64_t(i), item.prompt, item.responseA, item.responseB, item.aIsLeft});
    }

    EvaluationJudged event;
    event.evaluation = row.name;
    event.annotator = annotator;
    event.items = std::int64_t(items.size());
    event.transcript = file;
    const auto judged = [&](const JudgedItem& item) {
        if (!item.outcome) {
            ++event.unclear;
            return writer.write(item.number, Verdict::Skip, "No clear verdict");
        }
        ++event.judged;
        const bool aIsLeft = all[std::size_t(item.number)].aIsLeft;
        const Verdict side = (*item.outcome > 0) == aIsLeft ? Verdict::Left : Verdict::Right;
        writer.write(item.number, *item.outcome == 0 ? Verdict::Tie : side, "");
    };
    const JudgeRunResult result = judgeItems(items, options, endpoint, transcript, judged,
        [&](double share, const std::string& detail) { workspace.progress("Asking the judge", share, detail); });
    event.calls = result.calls;
    event.failed = result.failed;
    event.stopReason = result.stopReason;
    const JudgeCalls calls = judgeCallsOf(file);
    event.cost = calls.cost;
    event.bothOrders = calls.consistent.n;
    event.consistent = calls.consistent.hits;
    if (result.calls > 0)
        project.logEvaluation(row.id, fmt::format("{} answered {} questions", annotator, result.calls));
    workspace.send(event);
    if (!result.stopReason.empty() && !result.isLimit)
        fail("{}", result.stopReason);
}

} // namespace mpo
