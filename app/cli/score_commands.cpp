// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/score_file.h"
#include "app/cli/split_rule_options.h"
#include "core/engine/command.h"
#include "core/engine/split_name.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

struct ScoreArguments
{
    ScorePairs command;
    std::vector<std::string> sets;
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

int split(const GlobalOptions& global, SplitPairs command, bool replace)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    command.data = datasetInProject(*project, command.data);
    command.scoreSet = scoreSetInProject(*project, command.scoreSet, command.data);
    if (!replace)
        requireNotReplacing(*project, command);
    if (const PairEdits edits = project->pairEdits(command.data); command.edits == 0 && !edits.empty() && !global.quiet)
        note(fmt::format("{} pairs of {} were flipped or dropped by hand; this split leaves that out (--edits "
                         "takes it in)",
            grouped(std::int64_t(edits.flipped.size() + edits.dropped.size())), command.data));
    return runOnEngine(global, project, command, {});
}

void addSplit(CLI::App& app, Arguments& arguments)
{
    auto* split = app.add_subcommand("split", "Divide pairs into easy and hard ones by their reward gap");
    auto command = std::make_shared<SplitPairs>();
    split->add_option("--data", command->data, "Data set or file")->required()->type_name("DATA");
    split->add_option("--scores", command->scoreSet, "Scores of the project, or the JSON lines of `mpo score`")
        ->required()
        ->type_name("SCORES");
    split->add_option("--name", command->name, "Name of the split")->type_name("NAME");
    auto options = std::make_shared<SplitRuleOptions>(*split, /*required=*/true);
    auto replace = std::make_shared<bool>(false);
    split->add_flag("--replace", *replace, "Replace a split of this name that was made otherwise");
    split->callback([command, options, replace, &arguments] {
        command->rule = options->rule();
        command->edits = options->edits();
        arguments.action
            = [command, replace](const GlobalOptions& global) { return cli::split(global, *command, *replace); };
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
