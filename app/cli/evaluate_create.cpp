// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/command.h"
#include "core/evaluation/blind_session.h"

#include <memory>

namespace mpo::cli {

void addEvaluateCreate(CLI::App& evaluate, Arguments& arguments)
{
    auto* create = evaluate.add_subcommand("create", "Sample responses of two models, to be judged blind");
    auto command = std::make_shared<CreateEvaluation>();
    auto ofPairs = std::make_shared<bool>(false);
    auto criteria = std::make_shared<std::string>();
    create->add_option("--model-a", command->modelA, "One model")->type_name("MODEL");
    create->add_option("--model-b", command->modelB, "The other")->type_name("MODEL");
    create->add_flag("--of-pairs", *ofPairs,
        "Judge the pairs of the data themselves instead of two models: A is the chosen response, B the rejected one");
    create->add_option("--data", command->data, "Data set or file; its prompts are used")
        ->required()
        ->type_name("DATA");
    create->add_option("--name", command->name, "Name of the evaluation")->type_name("NAME");
    addNumber(*create, "--prompts", command->prompts, "How many, drawn at random", "N", CLI::PositiveNumber);
    addNumber(*create, "--max-new-tokens", command->maxNewTokens, "Longest response", "N", CLI::PositiveNumber);
    addNumber(*create, "--temperature", command->temperature, "Of sampling", "T", CLI::PositiveNumber);
    create->add_option("--seed", command->seed, "Of prompts, responses and sides")->type_name("N");
    create->add_option("--reward-model", command->rewardModel, "Scores the responses, to compare it with people")
        ->type_name("MODEL");
    addNumber(*create, "--repeats", command->repeats,
        "Items that come again later with sides exchanged, to see how consistent judges are", "N",
        CLI::NonNegativeNumber);
    create
        ->add_option("--gold", command->gold,
            "Pairs of which the chosen response is known to be better, put among the items to test judges")
        ->type_name("DATA");
    addNumber(
        *create, "--gold-items", command->goldItems, "How many of them, drawn at random", "N", CLI::PositiveNumber);
    addNumber(*create, "--annotators", command->annotators, "How many people will judge", "N",
        CLI::Range(1, kMostAnnotators));
    addNumber(*create, "--overlap", command->overlap,
        "How many of them judge each item; 0: all, so that everybody judges everything", "K", CLI::NonNegativeNumber);
    addNumber(*create, "--gap-strata", command->gapStrata,
        "Draw equally many prompts from each of so many groups by the reward gap of their pairs (newest scores)", "N",
        CLI::NonNegativeNumber);
    create
        ->add_option("--criteria", *criteria,
            "What is voted on beside the verdict: hh (helpful, harmless), summaries (coverage, accuracy, coherence), "
            "or names of your own with commas between them; the verdict itself is the overall one")
        ->type_name("LIST");
    create->add_flag("--strength", command->strength, "Ask how much better: slightly, clearly or much");
    create->callback([command, ofPairs, criteria, &arguments] {
        if (*ofPairs && !(command->modelA.empty() && command->modelB.empty()))
            throw UsageError("--of-pairs judges the data's own responses; leave out --model-a and --model-b");
        if (!*ofPairs && (command->modelA.empty() || command->modelB.empty()))
            throw UsageError("Name two models (--model-a, --model-b), or judge the data's own pairs (--of-pairs)");
        arguments.action = [command, criteria](const GlobalOptions& global) {
            command->criteria = criteriaFrom(*criteria);
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });
}

} // namespace mpo::cli
