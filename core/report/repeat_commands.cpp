// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/repeat_commands.h"

#include "core/engine/train_config.h"
#include "core/support/shell.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace mpo {

namespace {

std::string lineOf(const std::vector<std::string>& words)
{
    std::string line = "mpo";
    for (const std::string& word : words)
        line += " " + shellQuoted(word);
    return line;
}

/// One line for comments: what a user wrote may hold line breaks.
std::string oneLine(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

std::string importOf(const DatasetRow& row)
{
    std::error_code error;
    const bool file = std::filesystem::path(row.source).is_absolute() || std::filesystem::exists(row.source, error);
    if (file)
        return lineOf({"data", "import", row.source, "--name", row.name});
    return fmt::format("# data set {}: {}", oneLine(row.name), oneLine(row.source));
}

std::string modelOf(const ModelRow& row)
{
    return fmt::format("# model {}: brought in, digest {} (`mpo model import FOLDER --name {}`)", oneLine(row.name),
        row.digest, shellQuoted(row.name));
}

std::optional<StageKind> stageOf(const RunRow& run)
{
    for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo})
        if (run.stage == stageName(stage))
            return stage;
    return std::nullopt;
}

std::string trainingOf(const RunRow& run, StageKind stage)
{
    try {
        return lineOf(argumentsOf(commandOfRun(stage, run.config)));
    } catch (const std::exception& error) { // settings of another version
        return fmt::format("# run {}, {}: {}", run.id, oneLine(run.name), oneLine(error.what()));
    }
}

std::string scoringOf(const ScoreSetRow& row, const std::vector<RunRow>& runs)
{
    ScorePairs command;
    command.data = row.dataset;
    command.name = row.name;
    command.rewardModel = row.rewardModel;
    for (const RunRow& run : runs) {
        if (run.stage != "reward" || !run.name.starts_with(row.name + " fold "))
            continue;
        command.folds = run.config.value("folds", 0);
        command.model = run.config.value("model", "");
        if (const auto settings = run.config.find("settings"); settings != run.config.end())
            command.settings = Settings::fromJson(StageKind::Reward, *settings);
    }
    if (row.heldOut && command.folds < 2)
        return fmt::format("# scores {}: {} reward models that are no runs here any more", oneLine(row.name),
            oneLine(row.rewardModel));
    return lineOf(argumentsOf(command));
}

/// The split; before it, where it takes edits in, what brings the data set to them whatever was done to it.
std::string splittingOf(const SplitRow& row)
{
    const PairEdits edits = row.split.handEdits();
    SplitPairs command {row.dataset, row.scoreSet, row.split.rule, row.name};
    if (edits.empty())
        return lineOf(argumentsOf(command));
    command.edits = kLatestEdits;
    std::vector<std::string> words {"data", "edit", row.dataset, "--reset"};
    if (!edits.flipped.empty())
        words.insert(words.end(), {"--flip", pairNumbersText(edits.flipped)});
    if (!edits.dropped.empty())
        words.insert(words.end(), {"--drop", pairNumbersText(edits.dropped)});
    return lineOf(words) + '\n' + lineOf(argumentsOf(command));
}

/// What one command makes of what.
struct Step
{
    std::string time;
    std::int64_t id = 0;
    std::string makes;
    std::set<std::string> uses;
    std::string line;
};

std::set<std::string> usesOf(const RunRow& run)
{
    std::set<std::string> names;
    for (const char* key : {"model", "data", "split", "reward_model", "reference", "sft_model", "adapter"})
        if (const auto found = run.config.find(key); found != run.config.end() && found->is_string())
            names.insert(found->get<std::string>());
    return names;
}

std::set<std::string> scoringUses(const ScoreSetRow& row, const std::vector<RunRow>& runs)
{
    std::set<std::string> names {row.rewardModel};
    for (const RunRow& run : runs)
        if (run.name.starts_with(row.name + " fold "))
            names.merge(usesOf(run));
    return names;
}

/// By time, but what is used stands before what uses it: times are of whole seconds.
std::vector<Step> inOrder(std::vector<Step> steps)
{
    std::stable_sort(steps.begin(), steps.end(),
        [](const Step& a, const Step& b) { return std::tie(a.time, a.id) < std::tie(b.time, b.id); });
    std::vector<Step> ordered;
    while (!steps.empty()) {
        auto next = std::find_if(steps.begin(), steps.end(), [&](const Step& step) {
            return std::none_of(steps.begin(), steps.end(),
                [&](const Step& other) { return &other != &step && step.uses.contains(other.makes); });
        });
        if (next == steps.end()) // names that were given twice
            next = steps.begin();
        ordered.push_back(std::move(*next));
        steps.erase(next);
    }
    return ordered;
}

} // namespace

std::string repeatCommands(const Project& project, const ReportChain& chain)
{
    std::set<std::string> data, models;
    for (const LineageNode& node : chain.lineage.nodes) {
        if (node.kind == LineageKind::Data)
            data.insert(node.name);
        if (node.kind == LineageKind::Model || node.kind == LineageKind::RewardModel)
            models.insert(node.name);
    }
    std::vector<EvaluationRow> sessions;
    for (const EvaluationRow& row : project.evaluations())
        if (row.closed && (models.contains(row.sourceA) || models.contains(row.sourceB))) {
            sessions.push_back(row);
            const CreateEvaluation command = commandOfEvaluation(row.name, row.sourceA, row.sourceB, row.config);
            data.insert({command.data, command.gold});
        }

    std::vector<std::string> lines;
    for (const DatasetRow& row : project.datasets())
        if (data.contains(row.name))
            lines.push_back(importOf(row));
    for (const ModelRow& row : project.models())
        if (models.contains(row.name) && !row.run)
            lines.push_back(modelOf(row));

    std::vector<Step> steps;
    for (const RunRow& run : chain.runs)
        if (const auto stage = stageOf(run); stage && !run.config.contains("fold"))
            steps.push_back({run.started, run.id, run.name, usesOf(run), trainingOf(run, *stage)});
    for (const ScoreSetRow& row : chain.scoreSets)
        steps.push_back({row.created, row.id, row.name, scoringUses(row, chain.runs), scoringOf(row, chain.runs)});
    for (const SplitRow& row : chain.splits)
        steps.push_back({row.created, row.id, row.name, {row.scoreSet}, splittingOf(row)});
    for (const EvaluationRow& row : sessions)
        steps.push_back({row.created, row.id, row.name, {row.sourceA, row.sourceB},
            lineOf(argumentsOf(commandOfEvaluation(row.name, row.sourceA, row.sourceB, row.config)))});
    for (const Step& step : inOrder(std::move(steps)))
        lines.push_back(step.line);
    return fmt::format("{}", fmt::join(lines, "\n"));
}

} // namespace mpo
