// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/command.h"
#include "core/evaluation/blind_session.h"
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

void addCreate(CLI::App& evaluate, Arguments& arguments)
{
    auto* create = evaluate.add_subcommand("create", "Sample responses of two models, to be judged blind");
    auto command = std::make_shared<CreateEvaluation>();
    auto ofPairs = std::make_shared<bool>(false);
    create->add_option("--model-a", command->modelA, "One model")->type_name("MODEL");
    create->add_option("--model-b", command->modelB, "The other")->type_name("MODEL");
    create->add_flag("--of-pairs", *ofPairs,
        "Judge the pairs of the data themselves instead of two models: A is the chosen response, B the rejected one");
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
    create->add_option("--reward-model", command->rewardModel, "Scores the responses, to compare it with people")
        ->type_name("MODEL");
    create
        ->add_option("--repeats", command->repeats,
            "Items that come again later with sides exchanged, to see how consistent judges are")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    create
        ->add_option("--gold", command->gold,
            "Pairs of which the chosen response is known to be better, put among the items to test judges")
        ->type_name("DATA");
    create->add_option("--gold-items", command->goldItems, "How many of them, drawn at random")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    create->add_option("--annotators", command->annotators, "How many people will judge")
        ->check(plain(CLI::Range(1, kMostAnnotators)))
        ->type_name("N");
    create
        ->add_option("--overlap", command->overlap,
            "How many of them judge each item; 0: all, so that everybody judges everything")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("K");
    create
        ->add_option("--gap-strata", command->gapStrata,
            "Draw equally many prompts from each of so many groups by the reward gap of their pairs (newest scores)")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    create->callback([command, ofPairs, &arguments] {
        if (*ofPairs && !(command->modelA.empty() && command->modelB.empty()))
            throw UsageError("--of-pairs judges the data's own responses; leave out --model-a and --model-b");
        if (!*ofPairs && (command->modelA.empty() || command->modelB.empty()))
            throw UsageError("Name two models (--model-a, --model-b), or judge the data's own pairs (--of-pairs)");
        arguments.action = [command](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });
}

void addJudge(CLI::App& evaluate, Arguments& arguments)
{
    auto* judge
        = evaluate.add_subcommand("judge", "Let a language model judge a session, through an endpoint like OpenAI's");
    auto command = std::make_shared<JudgeEvaluation>();
    judge->add_option("name", command->evaluation, "The session, still open")->required();
    judge->add_option("--base-url", command->baseUrl, "Address of the endpoint: https://HOST/v1")
        ->required()
        ->type_name("URL");
    judge->add_option("--model", command->model, "The judge, as the endpoint calls it")->required()->type_name("MODEL");
    judge->add_option("--name", command->name, "What the judge is called here")->type_name("NAME");
    judge
        ->add_option("--template", command->judgeTemplate,
            "hh (helpful and harmless), tldr (summaries), or a file with {prompt}, {first} and {second}")
        ->type_name("T");
    judge
        ->add_option("--key-variable", command->keyVariable,
            "Environment variable that holds the API key (MPO_JUDGE_API_KEY); the key is stored nowhere")
        ->type_name("NAME");
    judge->add_flag("!--one-order", command->bothOrders,
        "Ask each item once instead of in both orders: half the price, but a taste for a place counts");
    judge->add_option("--temperature", command->temperature, "Of the judge")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("T");
    judge->add_option("--max-tokens", command->maxTokens, "Longest answer")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    judge
        ->add_option("--extra", command->extra,
            "JSON object with more fields of the request; null takes one away: {\"temperature\": null}")
        ->type_name("JSON");
    judge->add_option("--timeout", command->timeout, "Seconds for one answer")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("S");
    judge->add_option("--attempts", command->attempts, "How often one question is tried")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    judge->add_option("--first-delay", command->firstDelay, "Seconds before the second try; doubles each time")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("S");
    judge->add_option("--per-minute", command->perMinute, "Requests a minute, at most")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    judge->add_option("--max-calls", command->maxCalls, "Questions in this run, at most")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("N");
    judge->add_option("--prompt-price", command->promptPrice, "Of a million tokens of questions")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("X");
    judge->add_option("--answer-price", command->answerPrice, "Of a million tokens of answers")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("X");
    judge->add_option("--max-cost", command->maxCost, "Ends before this is passed, by the prices above")
        ->check(plain(CLI::PositiveNumber))
        ->type_name("X");
    judge->callback([command, &arguments] {
        arguments.action = [command](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
        };
    });
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
    addCreate(*evaluate, arguments);
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
    addJudge(*evaluate, arguments);
}

} // namespace mpo::cli
