// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/synthetic_preferences.h"
#include "core/engine/pipeline_report.h"
#include "core/engine/synthetic_world.h"
#include "core/support/error.h"

#include <fmt/core.h>

namespace fs = std::filesystem;

namespace mpo {

void demoCommand(const Workspace& workspace, const RunDemo& command)
{
    Project& project = workspace.project();
    const std::int64_t scale = command.fast ? 1 : 3;
    const int steps = 9;
    int step = 0;
    const auto next = [&](const std::string& title) {
        if (workspace.stopped())
            fail("The demo was stopped; given again, it goes on");
        workspace.send(PipelineStep {title, ++step, steps});
    };

    // 1. Data, tokenizer and model from nothing.
    next("Making data, tokenizer and model");
    SyntheticWorldOptions options;
    options.seed = command.seed;
    options.completions = 1500 * scale;
    options.pairs = 700 * scale;
    options.prompts = 100 * scale;
    options.completionsName = "demo-sft";
    options.pairsName = "demo-pairs";
    options.promptsName = "demo-prompts";
    options.modelName = "demo-base";
    const SyntheticWorld world = syntheticWorld(workspace, options);
    const std::string &sftData = world.completions, &pairData = world.pairs;

    const auto train
        = [&](StageKind stage, const std::string& model, const std::string& data, const std::string& out,
              const std::vector<std::pair<std::string, SettingValue>>& settings, const std::string& split = {}) {
              TrainStage train;
              train.stage = stage;
              train.model = model;
              train.data = data;
              train.out = out;
              train.split = split;
              train.settings = Settings(stage);
              for (const auto& [name, value] : settings)
                  train.settings.set(name, value);
              if (stage == StageKind::Ppo) {
                  train.rewardModel = "demo-reward";
                  train.sftModel = "demo-sft";
              }
              trainCommand(workspace, train);
          };
    using I = std::int64_t;

    // 2. The stages and the baselines.
    next("Supervised fine-tuning");
    train(StageKind::Sft, "demo-base", sftData, "demo-sft",
        {{"learning_rate", 2e-3}, {"batch_size", I(32)}, {"epochs", 4.0}, {"warmup_steps", I(10)}});
    next("Reward model");
    const std::vector<std::pair<std::string, SettingValue>> rewardSettings {
        {"learning_rate", 4e-4}, {"batch_size", I(32)}, {"epochs", 3.0}, {"centering", 0.01}};
    train(StageKind::Reward, "demo-sft", pairData, "demo-reward", rewardSettings);

    next("Scoring the pairs with held-out reward models");
    ScorePairs score;
    score.data = pairData;
    score.model = "demo-sft";
    score.folds = 2;
    for (const auto& [name, value] : rewardSettings)
        score.settings.set(name, value);
    score.settings.set("eval_share", 0.0);
    score.name = "demo-scores";
    const std::string scores = scoresStoredOrNew(workspace, score);
    const SplitPairs divide {
        pairData, scores, {SplitRule::By::EasyShare, 0.5, false, {}, ContradictoryAction::TreatAsHard}, "demo-split"};
    splitCommand(workspace, divide);

    const std::vector<std::pair<std::string, SettingValue>> dpoSettings {
        {"learning_rate", 1e-4}, {"batch_size", I(32)}, {"epochs", 2.0}, {"beta", 0.1}};
    const std::vector<std::pair<std::string, SettingValue>> ppoSettings {{"learning_rate", 1e-4},
        {"value_learning_rate", 3e-4}, {"rollout_batch", I(64)}, {"minibatch_size", I(32)}, {"micro_batch", I(32)},
        {"ppo_epochs", I(2)}, {"max_new_tokens", I(56)}, {"kl_coef", 0.05}, {"missing_eos_penalty", 2.0},
        {"total_episodes", I(64 * 8 * scale)}};
    next("DPO on all pairs");
    train(StageKind::Dpo, "demo-sft", pairData, "demo-dpo-all", dpoSettings);
    next("DPO on the easy pairs");
    train(StageKind::Dpo, "demo-sft", pairData, "demo-dpo", dpoSettings, divide.name);
    next("PPO on all prompts, anchored to SFT");
    train(StageKind::Ppo, "demo-sft", pairData, "demo-ppo-all", ppoSettings);
    next("MPO: PPO on the hard prompts, anchored to the DPO model");
    train(StageKind::Ppo, "demo-dpo", pairData, "demo-mpo", ppoSettings, divide.name);

    // 3. Compare on held-out prompts by the true reward.
    next("Comparing the models");
    Comparison comparison;
    comparison.models = {{"SFT", "demo-sft"}, {"DPO (all pairs)", "demo-dpo-all"}, {"DPO (easy pairs)", "demo-dpo"},
        {"PPO (all prompts)", "demo-ppo-all"}, {"MPO", "demo-mpo"}};
    comparison.generation.maxNewTokens = 80;
    comparison.generation.batchRows = 64;
    comparison.seed = command.seed + 1;
    comparison.reward = [](const Sampled& sampled) {
        std::vector<double> rewards;
        for (std::size_t i = 0; i < sampled.texts.size(); ++i)
            rewards.push_back(SyntheticPreferences::trueReward(sampled.promptTexts[i], sampled.texts[i]));
        return rewards;
    };
    PipelineReport report;
    report.title = "MPO on generated data";
    report.introduction = fmt::format(
        "{} preference pairs with noisy labels, a Llama of {} parameters trained from nothing, seed {}. The true "
        "reward "
        "is known, since the program made the data. All numbers come from this run, on {} prompts about subjects that "
        "no training pair mentions.",
        options.pairs, workspace.project().model("demo-sft")->parameters, command.seed, options.prompts);
    report.rewardName = "True reward";
    report.models = compareModels(workspace, world.prompts, comparison);
    report.scoreSet = scores;
    report.split = divide.name;
    report.products = {"demo-sft", "demo-reward", "demo-dpo-all", "demo-dpo", "demo-ppo-all", "demo-mpo"};
    writePipelineReport(
        workspace, command.report.empty() ? project.folder() / "report" : fs::absolute(command.report), report);
}

} // namespace mpo
