// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "core/config/recipe.h"
#include "core/engine/command.h"

#include <memory>

namespace mpo::cli {

void addPipelineCommands(CLI::App& app, Arguments& arguments)
{
    auto* demo = app.add_subcommand("demo", "The whole of MPO on generated data whose true reward is known");
    auto options = std::make_shared<RunDemo>();
    demo->add_flag("--fast", options->fast, "Smaller: a look in minutes, too small to judge by");
    demo->add_option("--seed", options->seed, "Of everything that is random")->type_name("N");
    demo->add_option("--report", options->report, "Folder of the report; default: in the project")
        ->type_name("DIR")
        ->always_capture_default(false);
    demo->callback([options, &arguments] {
        arguments.action = [options](const GlobalOptions& global) {
            return runOnEngine(
                global, openProject(global, Project::Access::ReadWrite), *options, {Printing::Json::Everything, {}});
        };
    });

    auto* run = app.add_subcommand(
        "run", "A recipe: reward model, scores, split, DPO, PPO, comparison; goes on where it stopped");
    auto file = std::make_shared<std::string>();
    auto sets = std::make_shared<std::vector<std::string>>();
    run->add_option("recipe", *file, "YAML file")->required();
    run->add_option("--set", *sets, "Overrides: limit=100 dpo.beta=0.2")
        ->type_name("KEY=VALUE")
        ->always_capture_default(false);
    run->callback([file, sets, &arguments] {
        for (const std::string& set : *sets)
            keyAndValue(set, "--set");
        arguments.action = [file, sets](const GlobalOptions& global) {
            const RunRecipe command {readRecipe(*file, *sets), *file, *sets};
            return runOnEngine(
                global, openProject(global, Project::Access::ReadWrite), command, {Printing::Json::Everything, {}});
        };
    });
}

} // namespace mpo::cli
