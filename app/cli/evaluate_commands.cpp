// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/store/project.h"

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

int closeEvaluation(const GlobalOptions& global, const std::string& name)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    const EvaluationRow row = project->evaluation(name);
    if (!row.closed)
        project->closeEvaluation(row.id);
    if (global.json)
        writeLine(toLine({{"evaluation", name}, {"closed", true}, {"items", row.items}, {"judged", row.judged}}));
    else
        writeLine(fmt::format("{} is closed; `mpo evaluate report {}` shows the result", name, name));
    return 0;
}

void addExchange(CLI::App& evaluate, Arguments& arguments)
{
    auto* merge = evaluate.add_subcommand("merge", "Add the judgments of another copy of a session");
    auto merged = std::make_shared<EvaluationMerge>();
    merge->add_option("name", merged->name, "The session here")->required();
    merge->add_option("from", merged->from, "Folder of the other project, or a session file")->required();
    merge->add_option("--session", merged->nameThere, "Its name in the other project, where that is another one")
        ->type_name("NAME");
    merge->add_option("--annotator", merged->annotator, "Whose judgments those without a name are")->type_name("NAME");
    merge->callback([merged, &arguments] {
        arguments.action = [merged](const GlobalOptions& global) { return mergeEvaluation(global, *merged); };
    });

    auto* out = evaluate.add_subcommand("export", "Write verdicts as preference data, or a session as a file");
    auto exported = std::make_shared<EvaluationExport>();
    out->add_option("name", exported->name, "The session")->required();
    out->add_option("file", exported->file, "Where to")->required();
    out->add_option("--format", exported->format,
           "trl: a pair for each prompt with a winner; arena: battles; csv: a row for each verdict; session: all of a "
           "session, for `mpo evaluate import` and `merge`")
        ->type_name("F");
    out->add_option("--criterion", exported->criterion,
           "Of trl: who is better by this criterion of the session, instead of on the whole")
        ->type_name("NAME");
    out->add_flag("--open-early", exported->openEarly, "Although the session is still blind; noted in the project");
    out->callback([exported, &arguments] {
        arguments.action = [exported](const GlobalOptions& global) { return exportEvaluation(global, *exported); };
    });

    auto* in = evaluate.add_subcommand("import", "Take in a session file, to judge it in this project");
    auto file = std::make_shared<std::string>(), name = std::make_shared<std::string>();
    in->add_option("file", *file, "A session file")->required();
    in->add_option("--name", *name, "Its name here")->type_name("NAME");
    in->callback([file, name, &arguments] {
        arguments.action = [file, name](const GlobalOptions& global) { return importEvaluation(global, *file, *name); };
    });
}

} // namespace

void addEvaluateCommands(CLI::App& app, Arguments& arguments)
{
    auto* evaluate = app.add_subcommand("evaluate", "Blind side-by-side comparison of two models");
    evaluate->require_subcommand(1);
    addEvaluateCreate(*evaluate, arguments);
    evaluate->add_subcommand("list", "Evaluations of the project")->callback([&arguments] {
        arguments.action = listEvaluations;
    });

    auto* answer = evaluate->add_subcommand("answer", "Judge a session here; --json: by a script");
    auto session = std::make_shared<std::string>(), annotator = std::make_shared<std::string>();
    answer->add_option("name", *session, "The session")->required();
    answer->add_option("--annotator", *annotator, "Who judges, where several do: each has an order of their own")
        ->type_name("NAME");
    auto share = std::make_shared<int>(0);
    answer
        ->add_option("--number", *share,
            "Which of the annotators that is, where items are divided (--overlap); 0: the first that nobody here is")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    answer->callback([session, annotator, share, &arguments] {
        arguments.action = [session, annotator, share](const GlobalOptions& global) {
            return answerEvaluation(global, *session, *annotator, *share);
        };
    });

    auto* close = evaluate->add_subcommand("close", "End judging for good, so that the result can be seen");
    auto closed = std::make_shared<std::string>();
    close->add_option("name", *closed, "The session")->required();
    close->callback([closed, &arguments] {
        arguments.action = [closed](const GlobalOptions& global) { return closeEvaluation(global, *closed); };
    });

    auto* report = evaluate->add_subcommand(
        "report", "All statistics of a closed session; of several also an order of their sources");
    auto names = std::make_shared<std::vector<std::string>>();
    auto early = std::make_shared<bool>(false);
    report->add_option("name", *names, "Sessions")->required();
    report->add_flag("--open-early", *early, "Although a session is still blind; noted in the project");
    report->callback([names, early, &arguments] {
        arguments.action
            = [names, early](const GlobalOptions& global) { return reportEvaluations(global, *names, *early); };
    });
    addExchange(*evaluate, arguments);
    addEvaluateJudge(*evaluate, arguments);
}

} // namespace mpo::cli
