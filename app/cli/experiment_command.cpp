// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/engine/experiment_plan.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

struct Options
{
    std::string file;
    std::vector<std::string> sets;
    bool synthetic = false, dryRun = false;
};

void showPlan(const GlobalOptions& global, const ExperimentPlan& plan)
{
    int number = 0;
    for (const ExperimentStep& step : plan.steps) {
        ++number;
        if (global.json)
            writeLine(toLine(Json {{"step", number}, {"kind", stepKindName(step.kind)}, {"name", step.name},
                {"title", step.title}, {"seed", step.seed}, {"needs", step.needs()}, {"uses", step.uses}}));
        else
            writeLine(fmt::format("{:>4}  {}{}", number, step.title,
                step.uses > 1 ? fmt::format("  [for {}]", step.uses) : std::string()));
    }
    std::size_t shared = 0;
    for (const ExperimentStep& step : plan.steps)
        shared += step.uses > 1 ? 1 : 0;
    if (global.json)
        writeLine(toLine(Json {{"steps", plan.steps.size()}, {"shared", shared},
            {"steps_without_sharing", plan.stepsWithoutSharing}, {"table_entries", plan.cells.size()}}));
    else
        writeLine(fmt::format("{} steps for {} entries of tables, {} of them shared; without sharing it would be {}",
            plan.steps.size(), plan.cells.size(), shared, plan.stepsWithoutSharing));
}

} // namespace

void addExperimentCommand(CLI::App& app, Arguments& arguments)
{
    auto* experiment = app.add_subcommand(
        "experiment", "Methods x seeds from one file, shared parts once, with one table; goes on where it stopped");
    auto options = std::make_shared<Options>();
    experiment->add_option("recipe", options->file, "YAML file")->required();
    experiment->add_option("--set", options->sets, "Overrides: seeds=2 methods=dpo,mpo dpo.beta=0.2")
        ->type_name("KEY=VALUE")
        ->always_capture_default(false);
    experiment->add_flag("--synthetic", options->synthetic, "On data that the program makes: the true reward is known");
    experiment->add_flag("--dry-run", options->dryRun, "Print the steps and do nothing");
    experiment->callback([options, &arguments] {
        for (const std::string& set : options->sets)
            keyAndValue(set, "--set");
        if (options->synthetic)
            options->sets.emplace_back("data=synthetic");
        arguments.action = [options](const GlobalOptions& global) {
            const RunExperiment command {
                readExperimentRecipe(options->file, options->sets), options->file, options->sets};
            if (options->dryRun) {
                showPlan(global, experimentPlan(command.recipe));
                return 0;
            }
            return runOnEngine(
                global, openProject(global, Project::Access::ReadWrite), command, {Printing::Json::Everything, {}});
        };
    });
}

} // namespace mpo::cli
