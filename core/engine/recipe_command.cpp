// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/pipeline_report.h"
#include "core/support/error.h"

#include <fmt/core.h>

namespace mpo {

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
            findDataSource(recipe.data); // a folder with several splits is to be imported first
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
    ScorePairs score;
    score.data = data;
    score.rewardModel = name + "-reward";
    score.model = sft;
    score.folds = recipe.folds;
    score.settings = recipe.reward;
    score.name = name + "-scores";
    score.limit = recipe.limit;
    const std::string scores = scoresStoredOrNew(workspace, score);
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
    comparison.dtype = recipe.ppo.text("dtype");
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
