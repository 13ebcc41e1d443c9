// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "core/engine/command.h"

#include <memory>

namespace mpo::cli {

void addSampleCommands(CLI::App& app, Arguments& arguments)
{
    auto* sample = app.add_subcommand("sample", "Sample a response to every prompt");
    auto command = std::make_shared<SampleResponses>();
    sample->add_option("--model", command->model, "Policy")->required()->type_name("MODEL");
    sample->add_option("--adapter", command->adapter, "LoRA on the model")->type_name("MODEL");
    sample->add_option("--data", command->data, "Data set or file; its prompts are used")
        ->required()
        ->type_name("DATA");
    sample->add_option("--limit", command->limit, "Only the first N prompts")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    sample->add_option("--max-new-tokens,--max_new_tokens", command->maxNewTokens, "Longest response")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    sample->add_flag("--greedy", command->greedy, "The most probable token each time");
    sample->add_option("--temperature", command->temperature, "Of the distribution")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("T");
    sample->add_option("--top-p,--top_p", command->topP, "Smallest set of tokens with this probability")
        ->check(plain(CLI::Range(0.0, 1.0)))
        ->type_name("P");
    sample->add_option("--top-k,--top_k", command->topK, "The K most probable tokens; 0: all")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("K");
    sample->add_option("--seed", command->seed, "Of the random numbers")->type_name("N");
    sample->add_option("--dtype", command->dtype, "Type of the matrix products; auto: bf16 where it is faster")
        ->check(plain(CLI::IsMember({"auto", "fp32", "bf16"})))
        ->type_name("auto|fp32|bf16");
    sample->add_option("--reward-model,--reward_model", command->rewardModel, "Also score the responses")
        ->type_name("MODEL");
    sample->callback([command, &arguments] {
        arguments.action = [command](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadOnly), *command, {});
        };
    });

    auto* logProbs = app.add_subcommand("logprobs", "Log-probs of both responses of every pair");
    auto rows = std::make_shared<ComputeLogProbs>();
    logProbs->add_option("--model", rows->model, "Policy")->required()->type_name("MODEL");
    logProbs->add_option("--adapter", rows->adapter, "LoRA on the model")->type_name("MODEL");
    logProbs->add_option("--data", rows->data, "Data set or file")->required()->type_name("DATA");
    logProbs->add_option("--dtype", rows->dtype, "Type of the matrix products; auto: bf16 where it is faster")
        ->check(plain(CLI::IsMember({"auto", "fp32", "bf16"})))
        ->type_name("auto|fp32|bf16");
    logProbs->callback([rows, &arguments] {
        arguments.action = [rows](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadOnly), *rows, {});
        };
    });
}

} // namespace mpo::cli
