// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/log_probs.h"
#include "core/model/tensor_file.h"
#include "core/rl/ppo_terms.h"
#include "core/stage/stages.h"
#include "core/support/json.h"

#include <functional>
#include <map>
#include <string>

namespace mpo {

/// Everything recorded for one response of a rollout.
struct Episode
{
    TokenIds prompt, response;
    bool finished = false; ///< ended with a stop id, not by length
    RolloutSequence terms; ///< log-probs, reference log-probs, values; score as it is rewarded
    std::vector<double> sftLogProbs; ///< empty without an SFT model
    double rawScore = 0.0; ///< of the reward model, before penalty, normalising and clipping
    std::size_t first = 0; ///< place of its first token in lists over all response tokens
};

/// How prompts become rollouts: epochs of all of them, shuffled, cut into rollouts; the responses to a prompt stand
/// beside one another.
struct PromptOrder
{
    std::int64_t prompts = 0, rolloutSize = 0; ///< rolloutSize: responses
    std::int64_t group = 1; ///< responses to each prompt
    bool shuffle = true;
    std::uint64_t seed = 0;
};
/// Number of the prompt of each response of a rollout; rollouts count from 0.
std::vector<std::int64_t> promptsOfRollout(std::int64_t rollout, const PromptOrder& order);

struct EpisodeBatch
{
    PackedBatch packed;
    std::vector<std::int64_t> responses; ///< segment numbers, one for each episode
};
EpisodeBatch layOut(std::span<const Episode> episodes, std::span<const std::int64_t> numbers);

/// Values of the states before each response token. (R) fp32, differentiable
/// `trunkToo`: false differentiates by the head alone.
at::Tensor valuesOf(
    const Model& value, const PackedBatch& batch, std::span<const std::int64_t> responses, bool trunkToo = true);

/// Whether the value model is a head on the policy's trunk.
bool sharesTrunk(const PpoModels& models);

/// Log-probs of the policy and the values, from one pass where they share a trunk.
struct PolicyAndValues
{
    ResponseLogProbs policy;
    at::Tensor values; ///< (R) fp32
};
PolicyAndValues policyAndValues(const PpoModels& models, const EpisodeBatch& batch, const LogProbOptions& options);

struct RecordOptions
{
    double temperature = 1.0;
    std::int64_t microBatch = 8; ///< responses that go through a model at a time
    ComputeType computeType = ComputeType::Float32;
    bool values = true; ///< false: there is no value model; they are 0
};
/// Fills reference and SFT log-probs, values and raw scores. In bf16 also the policy's own log-probs anew: the cached
/// decode and the packed pass that is trained differ in their last digits there. The ranks divide the work. False:
/// stopped before the end.
bool recordTerms(std::vector<Episode>& episodes, const PpoModels& models, const RecordOptions& options,
    Communicator& ranks, const std::function<bool()>& stopped);

/// A rollout as tensors for a checkpoint, bit for bit, and back. `prefix` goes before each name.
void storeRollout(const std::vector<Episode>& episodes, const std::string& prefix, NamedTensors& tensors);
std::vector<Episode> restoreRollout(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix);

/// Mean and variance of all scores seen so far (Welford).
struct RunningScale
{
    double count = 0.0, mean = 0.0, m2 = 0.0;
    void add(double x);
    double normalised(double x) const; ///< (x - mean) / deviation
};

} // namespace mpo
