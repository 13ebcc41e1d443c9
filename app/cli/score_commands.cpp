// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "app/cli/score_file.h"
#include "core/engine/command.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <map>
#include <memory>

namespace mpo::cli {

namespace {

struct ScoreArguments
{
    ScorePairs command;
    std::vector<std::string> sets;
};

struct SplitArguments
{
    SplitPairs command;
    double gap = 0.0, confidence = 0.5, easyShare = 0.5, contradictory = 0.0;
};

int score(const GlobalOptions& global, const ScorePairs& command)
{
    // Scores of a file are printed only; those of a data set, and the runs of k folds, are stored.
    auto project = openProject(global, Project::Access::ReadOnly);
    if (project->access() == Project::Access::ReadOnly && (command.folds >= 2 || project->dataset(command.data))) {
        project.reset();
        project = openProject(global, Project::Access::ReadWrite);
    }
    return runOnEngine(global, project, command, {});
}

int split(const GlobalOptions& global, SplitPairs command)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    command.data = datasetInProject(*project, command.data);
    command.scoreSet = scoreSetInProject(*project, command.scoreSet, command.data);
    return runOnEngine(global, project, command, {});
}

void addSplit(CLI::App& app, Arguments& arguments)
{
    auto* split = app.add_subcommand("split", "Divide pairs into easy and hard ones by their reward gap");
    auto given = std::make_shared<SplitArguments>();
    SplitPairs& command = given->command;
    split->add_option("--data", command.data, "Data set or file")->required()->type_name("DATA");
    split->add_option("--scores", command.scoreSet, "Scores of the project, or the JSON lines of `mpo score`")
        ->required()
        ->type_name("SCORES");
    split->add_option("--name", command.name, "Name of the split")->type_name("NAME");
    auto* by = split->add_option_group("Threshold", "One of");
    auto* gap = by->add_option("--gap", given->gap, "Easy: reward gap above X")
                    ->type_name("X")
                    ->always_capture_default(false);
    auto* confidence
        = by->add_option("--confidence", given->confidence, "Easy: sigmoid(reward gap) above P")->type_name("P");
    auto* share = by->add_option("--easy-share", given->easyShare, "Easy: this share of the pairs, the largest gaps")
                      ->type_name("Q");
    by->require_option(1);
    split->add_flag("--absolute", command.rule.absolute, "Compare |reward gap|");
    auto* contradictory
        = split->add_option("--contradictory", given->contradictory, "Pairs with a gap below -C are contradictory")
              ->type_name("C")
              ->check(plain(CLI::NonNegativeNumber));
    static const std::map<std::string, ContradictoryAction> actions {{"hard", ContradictoryAction::TreatAsHard},
        {"drop", ContradictoryAction::Drop}, {"flip", ContradictoryAction::Flip}, {"keep", ContradictoryAction::Keep}};
    auto action = std::make_shared<std::string>("hard");
    split->add_option("--contradictory-action", *action, "What is done with them")
        ->check(plain(CLI::IsMember({"hard", "drop", "flip", "keep"})))
        ->type_name("hard|drop|flip|keep");
    split->callback([=, &arguments] {
        SplitRule& rule = given->command.rule;
        if (gap->count() > 0)
            rule.by = SplitRule::By::Gap, rule.value = given->gap;
        else if (confidence->count() > 0)
            rule.by = SplitRule::By::Confidence, rule.value = given->confidence;
        else if (share->count() > 0)
            rule.by = SplitRule::By::EasyShare, rule.value = given->easyShare;
        if (contradictory->count() > 0)
            rule.contradictory = given->contradictory;
        rule.action = actions.at(*action);
        arguments.action = [given](const GlobalOptions& global) { return cli::split(global, given->command); };
    });
}

} // namespace

void addScoreCommands(CLI::App& app, Arguments& arguments)
{
    auto* score = app.add_subcommand("score", "Score both responses of every pair with a reward model");
    auto given = std::make_shared<ScoreArguments>();
    ScorePairs& command = given->command;
    score->add_option("--model", command.rewardModel, "Reward model")->type_name("MODEL");
    score->add_option("--adapter", command.adapter, "LoRA on the model")->type_name("MODEL");
    score->add_option("--data", command.data, "Data set or file")->required()->type_name("DATA");
    score->add_option("--name", command.name, "Name of the scores")->type_name("NAME");
    score->add_option("--folds", command.folds, "Score each of K parts with a reward model trained on the others")
        ->type_name("K");
    score->add_option("--base", command.model, "With --folds: the model that the reward models start from")
        ->type_name("MODEL");
    score->add_option("--limit", command.limit, "Only the first N")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    score->add_option("--set", given->sets, "A setting of the reward stage")
        ->type_name("NAME=VALUE")
        ->always_capture_default(false);
    score->callback([given, &arguments] {
        ScorePairs& command = given->command;
        if (command.folds < 0 || command.folds == 1)
            throw UsageError(fmt::format("--folds {}: at least 2 parts are needed", command.folds));
        if (command.folds >= 2 && command.model.empty())
            throw UsageError("--folds needs --base, the model that the reward models start from");
        if (command.folds == 0 && command.rewardModel.empty())
            throw UsageError("--model is required, or --folds with --base");
        for (const std::string& set : given->sets) {
            const auto [name, value] = keyAndValue(set, "--set");
            command.settings.setFromText(name, value);
        }
        arguments.action = [given](const GlobalOptions& global) { return cli::score(global, given->command); };
    });
    addSplit(app, arguments);
}

} // namespace mpo::cli
