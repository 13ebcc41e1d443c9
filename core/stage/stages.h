// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"
#include "core/model/generation.h"
#include "core/model/model.h"
#include "core/stage/sample_strip.h"
#include "core/stage/stage_context.h"
#include "core/tokenizer/tokenized_pair.h"

#include <span>
#include <vector>

namespace mpo {

/// Supervised fine-tuning on the chosen responses: mean over all response tokens of an optimiser step.
StageOutcome trainSft(Model& policy, std::span<const TokenizedPair> pairs, const StageContext& context);

/// Bradley-Terry reward model on pairs. Ends with eval_ metrics on the held-out share.
StageOutcome trainReward(Model& rewardModel, std::span<const TokenizedPair> pairs, const StageContext& context);

/// What is looked at beside a training by DPO; nothing of it changes what is trained.
struct DpoWatch
{
    std::vector<double> gaps; ///< reward gap of each pair, NaN: unknown; the metrics come by strata of it too
    /// Numbers of the pairs whose prompts, which have tokens, are answered now and then.
    std::vector<std::int64_t> samplePairs;
    SampleScore sampleScore; ///< of responses to them
};

/// DPO and its variants. Log-probs of the reference are computed once, before the first step, so only one model is in
/// memory while training; `reference` null: the policy as it is at the start.
StageOutcome trainDpo(Model& policy, const Model* reference, std::span<const TokenizedPair> pairs,
    const StageContext& context, const DpoWatch& watch = {});

struct PpoModels
{
    Model& policy;
    const Model& reference; ///< frozen; the KL anchor: in MPO the stage-1 DPO model
    const Model& rewardModel; ///< frozen
    Model& value; ///< starts as a copy of the reward model; or a head on the policy's trunk, see valueHeadOn
    const Model* sft = nullptr; ///< for objective/kl_sft; null: not logged
};
/// A value model that is one new head on the hidden states of the policy as they are at any time, starting with values
/// of 0: the trunk is computed once for both, and the value loss trains it too, weighted with value_loss_coef.
Model valueHeadOn(const Model& policy);

/// Online PPO on prompts.
StageOutcome trainPpo(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context);

/// Scores of both responses of each pair. NaN where stopped before.
std::vector<PairScore> scorePairs(
    const Model& rewardModel, std::span<const TokenizedPair> pairs, const StageContext& context);

/// Scores of prompt + response token lists, read where the reward model was trained to be read (scoredLength).
std::vector<double> scoreResponses(
    const Model& rewardModel, std::span<const TokenIds> prompts, std::span<const TokenIds> responses);

/// Log-probs of given responses, summed over their tokens, one for each.
std::vector<double> responseSums(
    const Model& model, std::span<const TokenIds> prompts, std::span<const TokenIds> responses, double temperature);

/// Stop ids of a model: those of its config and its tokenizer.
std::vector<std::int64_t> stopIds(const Model& model);

} // namespace mpo
