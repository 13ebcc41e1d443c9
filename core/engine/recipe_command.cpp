// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/evaluation/statistics.h"
#include "core/support/error.h"

#include <utility>

namespace mpo {

void recipeCommand(const Workspace& workspace, const RunRecipe& command)
{
    const Recipe& recipe = command.recipe;
    Project& project = workspace.project();
    const int steps = recipe.sft ? 7 : 6;
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
    const std::string scores = name + "-scores", split = name + "-split";
    const auto hasScores = [&] {
        for (const ScoreSetRow& row : project.scoreSets())
            if (row.name == scores)
                return true;
        return false;
    };
    if (!hasScores()) {
        ScorePairs score;
        score.data = data;
        score.rewardModel = name + "-reward";
        score.model = sft;
        score.folds = recipe.folds;
        score.settings = recipe.reward;
        score.name = scores;
        score.limit = recipe.limit;
        scoreCommand(workspace, score);
    }
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
    std::vector<std::vector<std::string>> table {{"model", "reward-model score", "wins against SFT", "length"}};
    std::vector<double> baseline;
    for (const auto& [title, folder] : std::vector<std::pair<std::string, std::string>> {
             {"SFT", sft}, {"DPO (easy)", name + "-dpo"}, {"MPO", name + "-ppo"}}) {
        const Model model = workspace.model(folder);
        model.trunk->computeType = computeTypeFromName(recipe.ppo.text("dtype"));
        GenerationOptions options;
        options.maxNewTokens = recipe.evaluateTokens;
        options.temperature = recipe.evaluateTemperature;
        options.stopIds = stopIds(model);
        const Sampled sampled = sampleFrom(workspace, model, prompts, options, 1);
        std::vector<TokenIds> ids;
        double length = 0.0;
        for (const GeneratedResponse& response : sampled.responses) {
            ids.push_back(response.ids);
            length += double(response.ids.size()) / double(sampled.responses.size());
        }
        const std::vector<double> values = scoreResponses(reward, sampled.prompts, ids);
        double mean = 0.0;
        Tally tally;
        for (std::size_t i = 0; i < values.size(); ++i) {
            mean += values[i] / double(values.size());
            if (!baseline.empty())
                ++(values[i] > baseline[i] ? tally.wins : values[i] < baseline[i] ? tally.losses : tally.ties);
        }
        std::string wins = "-";
        if (!baseline.empty()) {
            const Interval interval = wilsonInterval(winRate(tally), tally.total());
            wins = fmt::format(
                "{:.0f} % ({:.0f} to {:.0f})", 100.0 * winRate(tally), 100.0 * interval.low, 100.0 * interval.high);
        } else {
            baseline = values;
        }
        table.push_back({title, fmt::format("{:.3f}", mean), wins, fmt::format("{:.1f}", length)});
    }
    workspace.send(ReportWritten {project.folder(), table});
}

} // namespace mpo
