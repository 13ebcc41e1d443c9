// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/command.h"

#include <memory>

namespace mpo::cli {

void addEvaluateJudge(CLI::App& evaluate, Arguments& arguments)
{
    auto* judge = evaluate.add_subcommand("judge",
        "Let a model judge a session: a language model behind an endpoint like OpenAI's or on this machine, or a "
        "reward model by its scores");
    auto command = std::make_shared<JudgeEvaluation>();
    auto local = std::make_shared<std::string>(), reward = std::make_shared<std::string>();
    judge->add_option("name", command->evaluation, "The session, still open")->required();
    auto* localOption = judge->add_option("--local-model", *local, "A model of the project or a folder that is asked")
                            ->type_name("MODEL");
    auto* rewardOption
        = judge->add_option("--reward-model", *reward, "A reward model: the higher score wins")->type_name("MODEL");
    auto* url = judge->add_option("--base-url", command->baseUrl, "Address of an endpoint: https://HOST/v1")
                    ->type_name("URL")
                    ->excludes(localOption)
                    ->excludes(rewardOption);
    judge->add_option("--model", command->model, "The judge, as the endpoint calls it")->type_name("MODEL")->needs(url);
    localOption->excludes(rewardOption);
    judge->add_option("--name", command->name, "What the judge is called here")->type_name("NAME");
    addNumber(*judge, "--margin", command->margin, "Of a reward model: scores that differ by no more are a tie", "X",
        CLI::NonNegativeNumber);

    // Language models, wherever they are.
    judge
        ->add_option("--template", command->judgeTemplate,
            "hh (helpful and harmless), tldr (summaries), or a file with {prompt}, {first} and {second}")
        ->type_name("T");
    judge->add_flag("!--one-order", command->bothOrders,
        "Ask each item once instead of in both orders: half the price, but a taste for a place counts");
    addNumber(*judge, "--temperature", command->temperature, "Of the judge", "T", CLI::NonNegativeNumber);
    addNumber(*judge, "--max-tokens", command->maxTokens, "Longest answer", "N", CLI::PositiveNumber);
    addNumber(*judge, "--max-calls", command->maxCalls, "Questions in this run, at most", "N", CLI::PositiveNumber);

    // Endpoints.
    judge
        ->add_option("--key-variable", command->keyVariable,
            "Environment variable that holds the API key (MPO_JUDGE_API_KEY); the key is stored nowhere")
        ->type_name("NAME");
    judge
        ->add_option("--extra", command->extra,
            "JSON object with more fields of the request; null takes one away: {\"temperature\": null}")
        ->type_name("JSON");
    addNumber(*judge, "--timeout", command->timeout, "Seconds for one answer", "S", CLI::PositiveNumber);
    addNumber(*judge, "--attempts", command->attempts, "How often one question is tried", "N", CLI::PositiveNumber);
    addNumber(*judge, "--first-delay", command->firstDelay, "Seconds before the second try; doubles each time", "S",
        CLI::NonNegativeNumber);
    addNumber(*judge, "--per-minute", command->perMinute, "Requests a minute, at most", "N", CLI::PositiveNumber);
    addNumber(*judge, "--prompt-price", command->promptPrice, "Of a million tokens of questions", "X",
        CLI::NonNegativeNumber);
    addNumber(
        *judge, "--answer-price", command->answerPrice, "Of a million tokens of answers", "X", CLI::NonNegativeNumber);
    addNumber(*judge, "--max-cost", command->maxCost, "Ends before this is passed, by the prices above", "X",
        CLI::PositiveNumber);
    judge->callback([command, local, reward, &arguments] {
        if (!reward->empty()) {
            command->kind = JudgeKind::RewardModel;
            command->model = *reward;
        } else if (!local->empty()) {
            command->kind = JudgeKind::Model;
            command->model = *local;
        } else if (command->baseUrl.empty() || command->model.empty()) {
            throw UsageError("Name who judges: an endpoint (--base-url and --model), a model here (--local-model) or a "
                             "reward model (--reward-model)");
        }
        arguments.action = [command](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });
}

} // namespace mpo::cli
