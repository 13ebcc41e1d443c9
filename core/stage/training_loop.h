// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"
#include "core/stage/stage_context.h"
#include "core/support/json.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

namespace mpo {

/// Of examples of one micro-batch.
struct LossPart
{
    at::Tensor loss; ///< scalar, times the weight; to be differentiated
    at::Tensor values; ///< (examples, TrainingTask::values), detached: what the metrics are made from; may be undefined
};

/// What SFT, reward model and DPO have in common is this loop; what differs is given to it.
struct TrainingTask
{
    Json identity; ///< digests that a checkpoint must agree in: CheckpointKeeper
    std::vector<std::int64_t> examples; ///< numbers of the examples to train on
    /// Called before the micro-batches of an optimiser step with all its examples. May be empty.
    std::function<void(std::span<const std::int64_t>)> beginStep;
    /// `weight` is the share of these examples in the step for losses that are means over examples.
    std::function<LossPart(std::span<const std::int64_t>, double weight)> loss;
    std::int64_t values = 0; ///< numbers an example that `metrics` wants
    std::function<Metrics(const at::Tensor& values)> metrics; ///< of a micro-batch (B, values) fp64; may be empty
    /// Metrics over all examples of a step, beside those above, from their values (examples, values) fp64. May keep
    /// sums over several steps: what it keeps is in checkpoints, and a run that goes on or back gets it as it was
    /// (null: as at the start). All empty or none.
    std::function<Metrics(std::span<const std::int64_t> examples, const at::Tensor& values, bool lastStep)> stepMetrics;
    std::function<Json()> keptSums;
    std::function<void(const Json&)> restoreSums;
    bool wholeBatches = false; ///< the loss is no sum over examples: several ranks must not divide a micro-batch
    /// Called when the weights of a step are settled, before it is evaluated and written; steps count from 1. What it
    /// changes stands in `kept`. May be empty.
    std::function<void(std::int64_t step)> afterStep;
    /// Called at the start of a run that does not go on (step 0) and after each step. Changes nothing. May be empty.
    std::function<void(std::int64_t step, std::int64_t totalSteps)> look;
    NamedTensors kept; ///< beside the weights, in checkpoints too; a run that goes on or back finds them as they were
    std::function<Metrics()> evaluate; ///< on held-out examples; may be empty
    std::function<std::int64_t(std::int64_t)> tokens; ///< tokens computed for an example, for throughput
    /// Tokens of an example as TRL counts them for num_tokens: the prompt once for each response.
    std::function<std::int64_t(std::int64_t)> countedTokens;
};

/// Epochs of shuffled examples: accumulate, clip, step, schedule, report, checkpoint. Resumes from the newest
/// checkpoint in context.checkpoints. A loss or gradient that is not finite is reported and never applied; then the
/// run ends with an Error or goes back (divergence.h).
StageOutcome runTrainingLoop(Model& model, const TrainingTask& task, const StageContext& context);

/// Copies into `parameters` the weights of the checkpoint of this step. False: it is missing or damaged.
bool restoreBest(const NamedTensors& parameters, const std::filesystem::path& checkpoints, std::int64_t step);

/// The order in which an epoch goes through the examples: a function of the seed.
std::vector<std::int64_t> orderOfEpoch(
    const std::vector<std::int64_t>& examples, bool shuffle, std::uint64_t seed, std::int64_t epoch);

/// Divides example numbers 0..count-1: a share drawn with the seed is held out.
struct HeldOut
{
    std::vector<std::int64_t> train, evaluation;
};
HeldOut holdOut(std::int64_t count, double share, std::uint64_t seed);

/// Largest resident set of this process so far, in MB (Linux).
double peakResidentMb();

} // namespace mpo
