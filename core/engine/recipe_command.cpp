// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/pipeline_report.h"
#include "core/support/error.h"

#include <fmt/core.h>

#include <algorithm>

namespace mpo {

namespace {

/// Scores of the pairs: those of an earlier run of this recipe where nothing they depend on has changed, else new ones.
/// Returns the name of the score set.
std::string scoredWith(
    const Workspace& workspace, const Recipe& recipe, const std::string& data, const std::string& sft)
{
    Project& project = workspace.project();
    const std::string key = "recipe/" + recipe.name + "/scores";
    const auto digest = [&](const std::string& model) {
        const auto row = project.model(model);
        return row ? row->digest : model;
    };
    const Json made {{"data", project.dataset(data)->digest}, {"limit", recipe.limit}, {"folds", recipe.folds},
        {"model", digest(recipe.folds >= 2 ? sft : recipe.name + "-reward")}, {"settings", recipe.reward.toJson()}};
    if (const auto stored = project.value(key)) {
        const Json before = parseJson(*stored, key);
        const std::string scores = before.at("scores").get<std::string>();
        const auto sets = project.scoreSets();
        if (before.at("made") == made
            && std::any_of(sets.begin(), sets.end(), [&](const ScoreSetRow& row) { return row.name == scores; }))
            return scores;
    }
    ScorePairs score;
    score.data = data;
    score.rewardModel = recipe.name + "-reward";
    score.model = sft;
    score.folds = recipe.folds;
    score.settings = recipe.reward;
    score.name = project.freeName(recipe.name + "-scores");
    score.limit = recipe.limit;
    scoreCommand(workspace, score);
    project.setValue(key, toLine(Json {{"scores", score.name}, {"made", made}}));
    return score.name;
}

} // namespace

void recipeCommand(const Workspace& workspace, const RunRecipe& command)
{
    const Recipe& recipe = command.recipe;
    Project& project = workspace.project();
    const int steps = recipe.sft ? 6 : 5;
    int step = 0;
    const auto next = [&](const std::string& title) {
        if (workspace.stopped())
            fail("The recipe was stopped; `mpo run` with the same recipe goes on");
        workspace.send(PipelineStep {title, ++step, steps});
    };
    // Every product has a name of its own, so that the same recipe given again finds what is done.
    const std::string name = recipe.name;

    std::string data = recipe.data;
    if (!project.dataset(data)) {
        data = name + "-data";
        if (!project.dataset(data)) {
            ImportDataset import {recipe.data, {}};
            import.options.name = data;
            importDatasetCommand(workspace, import);
        }
    }
    const auto train
        = [&](StageKind stage, const std::string& model, const std::string& out, const Settings& settings) {
              TrainStage train;
              train.stage = stage;
              train.model = model;
              train.data = data;
              train.out = name + "-" + out;
              train.settings = settings;
              train.limit = recipe.limit;
              return train;
          };

    std::string sft = recipe.model;
    if (recipe.sft) {
        next("Supervised fine-tuning");
        trainCommand(workspace, train(StageKind::Sft, recipe.model, "sft", *recipe.sft));
        sft = name + "-sft";
    }
    next("Reward model");
    trainCommand(workspace, train(StageKind::Reward, sft, "reward", recipe.reward));

    next("Scoring the pairs");
    const std::string split = name + "-split";
    const std::string scores = scoredWith(workspace, recipe, data, sft);
    SplitPairs divide {data, scores, {}, split};
    divide.rule.by = recipe.splitBy == "gap" ? SplitRule::By::Gap
        : recipe.splitBy == "confidence"     ? SplitRule::By::Confidence
                                             : SplitRule::By::EasyShare;
    divide.rule.value = recipe.splitValue;
    splitCommand(workspace, divide);

    next("DPO on the easy pairs");
    TrainStage dpo = train(StageKind::Dpo, sft, "dpo", recipe.dpo);
    dpo.split = split;
    dpo.limit = 0;
    trainCommand(workspace, dpo);

    next("PPO on the prompts of the hard pairs");
    TrainStage ppo = train(StageKind::Ppo, name + "-dpo", "ppo", recipe.ppo);
    ppo.split = split;
    ppo.limit = 0;
    ppo.rewardModel = name + "-reward";
    ppo.sftModel = sft;
    trainCommand(workspace, ppo);

    next("Comparing the models");
    Dataset prompts = workspace.data(recipe.evalData.empty() ? data : recipe.evalData);
    // The last prompts: with a limit the training did not see them.
    if (std::int64_t(prompts.pairs.size()) > recipe.evaluatePrompts)
        prompts.pairs.erase(prompts.pairs.begin(), prompts.pairs.end() - std::ptrdiff_t(recipe.evaluatePrompts));
    const Model reward = workspace.model(name + "-reward");
    Comparison comparison;
    comparison.models = {{"SFT", sft}, {"DPO (easy pairs)", name + "-dpo"}, {"MPO", name + "-ppo"}};
    comparison.generation.maxNewTokens = recipe.evaluateTokens;
    comparison.generation.temperature = recipe.evaluateTemperature;
    comparison.computeType = computeTypeFromName(recipe.ppo.text("dtype"));
    comparison.reward = [&](const Sampled& sampled) {
        std::vector<TokenIds> responses;
        for (const GeneratedResponse& response : sampled.responses)
            responses.push_back(response.ids);
        return scoreResponses(reward, sampled.prompts, responses);
    };
    PipelineReport report;
    report.title = "MPO: " + name;
    report.introduction = fmt::format("Model {}, data {}, {} prompts compared. The reward is that of the reward model, "
                                      "which PPO was trained on: human or other judgments decide whether it is right.",
        recipe.model, recipe.data, prompts.pairs.size());
    report.rewardName = "Score of the reward model";
    report.models = compareModels(workspace, prompts, comparison);
    report.scoreSet = scores;
    report.split = split;
    report.products = {name + "-sft", name + "-reward", name + "-dpo", name + "-ppo"};
    writePipelineReport(workspace, project.folder() / "report", report);
}

} // namespace mpo
