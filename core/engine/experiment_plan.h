// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/experiment_recipe.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// One thing that is made once, however many methods need it.
struct ExperimentStep
{
    enum class Kind { Data, Flip, Sft, Reward, Scores, Split, RandomSplit, PairStage, PromptStage, Evaluation };

    Kind kind = Kind::Data;
    std::string name; ///< unique; of a model, score set or split in the project
    std::string title; ///< "DPO, easy pairs; seed 1"
    std::int64_t seed = 0;
    // Names of the steps that it is made from, empty where it needs none; an unknown one is the recipe's own model.
    std::string model, data, rewardModel, scores, split;
    std::string reference; ///< evaluation: what the policy was anchored to; empty: nothing but SFT, or nothing at all
    std::string sft; ///< prompt stage and evaluation: what the KL to SFT is of
    double noise = 0.0; ///< flip: share of the labels
    std::string splitBy = {}; ///< split: as in the recipe
    double splitValue = 0.0;
    std::string algorithm; ///< stages: a key of ExperimentRecipe::algorithms
    PairSubset subset = PairSubset::All; ///< stages
    std::int64_t episodes = 0; ///< prompt stage: responses in all; 0: as the settings say
    int uses = 0; ///< steps and table entries that need it

    std::vector<std::string> needs() const;
};
std::string_view stepKindName(ExperimentStep::Kind kind); ///< "data", "flip", "sft", ...

/// One method with one seed: a number in the table.
struct ExperimentCell
{
    enum class Part { Methods, EasyShare, Noise, Prompts };
    Part part = Part::Methods;
    ExperimentMethod method;
    std::int64_t seed = 0;
    double value = 0.0; ///< of what the part varies
    std::string evaluation; ///< name of the step that measures it
};

struct ExperimentPlan
{
    std::vector<ExperimentStep> steps; ///< each after what it needs; the table of methods before the sweeps
    std::vector<ExperimentCell> cells;
    std::int64_t stepsWithoutSharing = 0; ///< if every cell made everything for itself
    const ExperimentStep* find(std::string_view name) const; ///< null: there is no such step
};

ExperimentPlan experimentPlan(const ExperimentRecipe& recipe);

} // namespace mpo
