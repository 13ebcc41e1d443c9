// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/judge_calls.h"
#include "core/engine/local_judge.h"
#include "core/engine/model_verdicts.h"
#include "core/engine/workspace.h"
#include "core/judge/judge_run.h"
#include "core/support/error.h"

#include <cstdlib>
#include <limits>
#include <optional>

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
    options.key = command.key.empty() ? keyFrom(command.keyVariable) : command.key;
    options.attempts = command.attempts;
    options.firstDelay = command.firstDelay;
    options.timeout = command.timeout;
    options.perMinute = command.perMinute;
    return options;
}

} // namespace

void judgeEvaluationCommand(const Workspace& workspace, const JudgeEvaluation& command)
{
    if (command.model.empty())
        fail("No model is named for the judge");
    if (command.kind == JudgeKind::RewardModel)
        return judgeByRewardModel(workspace, command);
    Project& project = workspace.project();
    const EvaluationRow row = project.evaluation(command.evaluation);
    ModelVerdicts verdicts(project, row, command.name.empty() ? command.model : command.name);
    if (!verdicts.empty() && project.value(rewardJudgeKey(row.id, verdicts.annotator())))
        fail("{} has judged {} already, by the scores of a reward model; give this judge another name (--name)",
            verdicts.annotator(), row.name);
    JudgeRunOptions options = runOptions(command);
    options.criteria = criteriaOf(row.config);

    Json settings {{"annotator", verdicts.annotator()}};
    std::optional<ChatEndpoint> endpoint;
    std::optional<LocalJudge> local;
    if (command.kind == JudgeKind::Model) {
        workspace.progress("Loading " + command.model, -1.0, {});
        local.emplace(workspace, command.model);
        options.mostFailures = std::numeric_limits<int>::max(); // they are questions too long for it: each its own
        settings.update(judgeSettings(options, "(this machine)"));
        settings["version"] = workspace.modelVersion(command.model);
    } else {
        endpoint.emplace(
            endpointOptions(command), [&] { return workspace.stopped(); },
            [&](const std::string& sentence) { workspace.warning(sentence); });
        settings.update(judgeSettings(options, command.baseUrl));
    }
    const auto file = judgeTranscriptFile(project, row.id, verdicts.annotator());
    JudgeTranscript transcript(file, settings);

    // Repeats with exchanged sides are for people: a model is asked in both orders anyway.
    const std::vector<EvaluationItemInput> all = project.blindItems(row.id);
    std::vector<JudgeItem> items;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const EvaluationItemInput& item = all[i];
        if (item.kind == ItemKind::Repeat)
            continue;
        if (item.responseA == item.responseB)
            verdicts.tieByRule(std::int64_t(i));
        else
            items.push_back({std::int64_t(i), item.prompt, item.responseA, item.responseB, item.aIsLeft});
    }

    EvaluationJudged event;
    event.evaluation = row.name;
    event.annotator = verdicts.annotator();
    event.items = std::int64_t(items.size());
    event.transcript = file;
    const auto judged = [&](const JudgedItem& item) {
        if (!item.outcome) {
            ++event.unclear;
            return verdicts.skip(item.number, "No clear verdict");
        }
        ++event.judged;
        verdicts.write(item.number, all[std::size_t(item.number)].aIsLeft, *item.outcome, {}, {}, item.votes);
    };
    const JudgeRunResult result = judgeItems(
        items, options,
        [&](const Json& request) { return local ? local->complete(request) : endpoint->complete(request); }, transcript,
        judged,
        [&](double share, const std::string& detail) { workspace.progress("Asking the judge", share, detail); });
    event.calls = result.calls;
    event.failed = result.failed;
    event.stopReason = result.stopReason;
    if (local && result.calls == 0 && result.failed > 0)
        event.stopReason
            = fmt::format("The judge could answer none of {} questions: {}", result.failed, result.lastFailure);
    const JudgeCalls calls = judgeCallsOf(file);
    event.cost = calls.cost;
    event.bothOrders = calls.consistent.n;
    event.consistent = calls.consistent.hits;
    if (result.calls > 0)
        project.logEvaluation(row.id, fmt::format("{} answered {} questions", event.annotator, result.calls));
    workspace.send(event);
    if (!event.stopReason.empty() && !result.isLimit)
        fail("{}", event.stopReason);
}

} // namespace mpo
