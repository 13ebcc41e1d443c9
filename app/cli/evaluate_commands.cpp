// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/engine/command.h"
#include "core/engine/judged_session.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

int listEvaluations(const GlobalOptions& global)
{
    const auto project = openProjectToShow(global);
    std::vector<std::vector<std::string>> table {{"name", "judged", "state", "made"}};
    for (const EvaluationRow& row : project->evaluations()) {
        Json line {{"name", row.name}, {"items", row.items}, {"judged", row.judged}, {"closed", row.closed},
            {"created", row.created}};
        if (row.closed) { // an open session stays blind
            line["model_a"] = row.sourceA;
            line["model_b"] = row.sourceB;
        }
        if (global.json)
            writeLine(toLine(line));
        table.push_back(
            {row.name, fmt::format("{} of {}", row.judged, row.items), row.closed ? "closed" : "open", row.created});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

EvaluationRow findEvaluation(const Project& project, const std::string& name)
{
    for (const EvaluationRow& row : project.evaluations())
        if (row.name == name)
            return row;
    fail("There is no evaluation \"{}\"; `mpo evaluate list` shows them", name);
}

int reportEvaluation(const GlobalOptions& global, const std::string& name)
{
    const auto project = openProjectToShow(global);
    const EvaluationRow row = findEvaluation(*project, name);
    if (!row.closed)
        fail("{}: {} of {} items are judged and the session is still blind; close it in the window first", name,
            row.judged, row.items);
    const JudgedSession session = judgedSession(project->evaluationItems(row.id), project->evaluationKey(row.id));
    const SessionResult result = sessionResult(session.key, session.verdicts);
    const auto& [tally, rate, interval] = result.first;
    if (global.json) {
        writeLine(toLine({{"evaluation", name}, {"model_a", row.sourceA}, {"model_b", row.sourceB},
            {"wins_a", tally.wins}, {"ties", tally.ties}, {"wins_b", tally.losses}, {"skipped", result.skipped},
            {"win_rate_a", rate}, {"interval", {interval.low, interval.high}}, {"sign_test_p", result.p},
            {"left", result.left}, {"right", result.right}}));
        return 0;
    }
    writeFields({{"A", row.sourceA}, {"B", row.sourceB},
        {"A wins / ties / B wins",
            fmt::format("{} / {} / {} ({} skipped)", tally.wins, tally.ties, tally.losses, result.skipped)},
        {"win rate of A",
            fmt::format(
                "{:.1f} % (95 %: {:.1f} to {:.1f} %)", 100.0 * rate, 100.0 * interval.low, 100.0 * interval.high)},
        {"sign test", fmt::format("p = {:.3g}", result.p)},
        {"left / right chosen", fmt::format("{} / {}", result.left, result.right)}});
    return 0;
}

} // namespace

void addEvaluateCommands(CLI::App& app, Arguments& arguments)
{
    auto* evaluate = app.add_subcommand("evaluate", "Blind side-by-side comparison of two models");
    evaluate->require_subcommand(1);

    auto* create
        = evaluate->add_subcommand("create", "Sample responses of two models, to be judged blind in the window");
    auto command = std::make_shared<CreateEvaluation>();
    create->add_option("--model-a", command->modelA, "One model")->required()->type_name("MODEL");
    create->add_option("--model-b", command->modelB, "The other")->required()->type_name("MODEL");
    create->add_option("--data", command->data, "Data set or file; its prompts are used")
        ->required()
        ->type_name("DATA");
    create->add_option("--name", command->name, "Name of the evaluation")->type_name("NAME");
    create->add_option("--prompts", command->prompts, "How many, drawn at random")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    create->add_option("--max-new-tokens", command->maxNewTokens, "Longest response")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    create->add_option("--temperature", command->temperature, "Of sampling")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("T");
    create->add_option("--seed", command->seed, "Of prompts, responses and sides")->type_name("N");
    create->callback([command, &arguments] {
        arguments.action = [command](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });

    evaluate->add_subcommand("list", "Evaluations of the project")->callback([&arguments] {
        arguments.action = listEvaluations;
    });

    auto* report = evaluate->add_subcommand("report", "Result of a closed evaluation");
    auto name = std::make_shared<std::string>();
    report->add_option("name", *name, "Its name")->required();
    report->callback([name, &arguments] {
        arguments.action = [name](const GlobalOptions& global) { return reportEvaluation(global, *name); };
    });
}

} // namespace mpo::cli
