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
    auto* create = evaluate.add_subcommand("create", "Responses of two or more sources, to be judged blind");
    auto command = std::make_shared<CreateEvaluation>();
    auto ofPairs = std::make_shared<bool>(false);
    auto criteria = std::make_shared<std::string>();
    auto modelA = std::make_shared<std::string>(), modelB = std::make_shared<std::string>();
    create->add_option("--model-a", *modelA, "The first source")->type_name("MODEL");
    create->add_option("--model-b", *modelB, "The second")->type_name("MODEL");
    create
        ->add_option("--source", command->sources,
            "Two or more: a model, which answers now, or a file with responses (AlpacaEval, MT-bench, Arena, LLM "
            "Comparator, any layout of completions), FILE#NAME for one of several in it. More than two make a session "
            "for every two of them, on the same responses")
        ->type_name("SOURCE");
    create->add_flag("--of-pairs", *ofPairs,
        "Judge the pairs of the data themselves instead of two models: A is the chosen response, B the rejected one");
    create
        ->add_option(
            "--data", command->data, "Data set or file whose prompts are used; without it those that files answer")
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
    create->add_flag("--without-leaks", command->withoutLeaks,
        "Leave out prompts to which a response may tell whose it is: a model's or maker's name, \"as an AI language "
        "model\", a marker of a chat template");
    create->callback([command, modelA, modelB, ofPairs, criteria, &arguments] {
        for (const std::string& model : {*modelB, *modelA})
            if (!model.empty())
                command->sources.insert(command->sources.begin(), model);
        if (*ofPairs && !command->sources.empty())
            throw UsageError("--of-pairs judges the data's own responses; leave out other sources");
        if (*ofPairs && command->data.empty())
            throw UsageError("--of-pairs needs the data whose pairs are judged (--data)");
        if (!*ofPairs && command->sources.empty())
            throw UsageError("Name two or more sources (--source), or judge the data's own pairs (--of-pairs)");
        arguments.action = [command, criteria](const GlobalOptions& global) {
            command->criteria = criteriaFrom(*criteria);
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });
}

} // namespace mpo::cli
