// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "core/engine/command.h"

#include <map>
#include <memory>

namespace mpo::cli {

void addBenchCommands(CLI::App& app, Arguments& arguments)
{
    struct Given
    {
        Bench command;
        std::string workload;
        std::vector<std::string> sets;
    };
    static const std::map<std::string, std::pair<Bench::Workload, StageKind>> workloads {
        {"sft", {Bench::Workload::Sft, StageKind::Sft}}, {"reward", {Bench::Workload::Reward, StageKind::Reward}},
        {"score", {Bench::Workload::Score, StageKind::Reward}}, {"dpo", {Bench::Workload::Dpo, StageKind::Dpo}},
        {"ppo", {Bench::Workload::Ppo, StageKind::Ppo}}, {"generate", {Bench::Workload::Generate, StageKind::Ppo}}};

    auto* bench = app.add_subcommand("bench", "Measure how fast this machine trains, scores or samples with a model");
    auto given = std::make_shared<Given>();
    bench->add_option("workload", given->workload, "What to measure")
        ->required()
        ->check(plain(CLI::IsMember({"sft", "reward", "score", "dpo", "ppo", "generate"})))
        ->type_name("sft|reward|score|dpo|ppo|generate");
    bench->add_option("--model", given->command.model, "Model to start from")->required()->type_name("MODEL");
    bench->add_option("--data", given->command.data, "Data set or file; its first rows are used")
        ->required()
        ->type_name("DATA");
    bench->add_option("--steps", given->command.steps, "Steps; the first is a warm-up and not counted")
        ->check(plain(CLI::Range(2, 100000)))
        ->type_name("N");
    bench->add_option("--set", given->sets, "A setting of the stage (score: reward, generate: ppo)")
        ->type_name("NAME=VALUE")
        ->always_capture_default(false);
    bench->callback([given, &arguments] {
        const auto [workload, stage] = workloads.at(given->workload);
        given->command.workload = workload;
        given->command.settings = Settings(stage);
        for (const std::string& set : given->sets) {
            const auto [name, value] = keyAndValue(set, "--set");
            given->command.settings.setFromText(name, value);
        }
        arguments.action = [given](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadOnly), given->command, {});
        };
    });
}

} // namespace mpo::cli
