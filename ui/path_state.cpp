// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/path_state.h"

#include "core/store/project.h"
#include "ui/format.h"

#include <QCoreApplication>

#include <algorithm>

namespace mpo {

namespace {

QString say(const char* text) { return QCoreApplication::translate("mpo::PathState", text); }

StepState stateOf(bool done, bool ready)
{
    return done ? StepState::Done : ready ? StepState::Ready : StepState::Waiting;
}

} // namespace

std::array<PathStep, 6> pathState(const Project& project)
{
    const std::vector<DatasetRow> datasets = project.datasets();
    const std::vector<ModelRow> models = project.models();
    const std::vector<RunRow> runs = project.runs();
    const std::vector<SplitRow> splits = project.splits();
    const std::vector<EvaluationRow> evaluations = project.evaluations();

    const auto pairSets = std::count_if(
        datasets.begin(), datasets.end(), [](const DatasetRow& row) { return row.kind == DatasetKind::Pairs; });
    const auto rewardModels
        = std::count_if(models.begin(), models.end(), [](const ModelRow& row) { return row.kind == "reward"; });
    const auto policies = std::ptrdiff_t(models.size()) - rewardModels;
    const auto finished = [&](std::string_view stage) {
        return std::any_of(runs.begin(), runs.end(),
            [&](const RunRow& row) { return row.stage == stage && row.state == RunState::Finished; });
    };
    const bool evaluated
        = std::any_of(evaluations.begin(), evaluations.end(), [](const EvaluationRow& row) { return row.closed; });
    const bool pairs = pairSets > 0, model = policies > 0, reward = rewardModels > 0;
    const bool scored = !project.scoreSets().empty();
    const bool dpoReady = pairs && (model || !splits.empty()); // the reward model may have begun from a folder outside

    return {{
        {PageId::Data, stateOf(pairs, true),
            pairs ? say("Preference pairs are in the project") : say("Import preference pairs")},
        {PageId::RewardModel, stateOf(reward, pairs),
            reward      ? say("A reward model is there")
                : pairs ? say("Ready to train a reward model")
                        : say("Needs preference pairs")},
        {PageId::Split, stateOf(!splits.empty(), pairs && (reward || model || scored)),
            !splits.empty() ? say("The pairs are split")
                : pairs     ? say("Score the pairs, then split them by reward gap")
                            : say("Needs preference pairs and a reward model")},
        {PageId::Dpo, stateOf(finished("dpo"), dpoReady),
            finished("dpo") ? say("A DPO run has finished")
                : dpoReady  ? say("Ready to train")
                            : say("Needs pairs and a model")},
        {PageId::Ppo, stateOf(finished("ppo"), pairs && model && reward),
            finished("ppo")                ? say("A PPO run has finished")
                : pairs && model && reward ? say("Ready to train")
                                           : say("Needs a reward model and a model to start from")},
        {PageId::Evaluate, stateOf(evaluated, policies > 1),
            evaluated          ? say("An evaluation is closed")
                : policies > 1 ? say("Ready to compare two models")
                               : say("Needs two models to compare")},
    }};
}

PageId pageOfStage(std::string_view stage)
{
    if (stage == "reward")
        return PageId::RewardModel;
    if (stage == "score" || stage == "split")
        return PageId::Split;
    if (stage == "ppo")
        return PageId::Ppo;
    if (stage == "sample")
        return PageId::Evaluate;
    return PageId::Dpo; // sft too
}

QString pageTitle(PageId page)
{
    constexpr std::array titles {"Data", "Reward model", "Split", "DPO", "PPO", "Evaluate", "Runs", "Models"};
    return say(titles[std::size_t(page)]);
}

std::string_view pageName(PageId page)
{
    constexpr std::array<std::string_view, kPages> names {
        "data", "reward", "split", "dpo", "ppo", "evaluate", "runs", "models"};
    return names[std::size_t(page)];
}

} // namespace mpo
