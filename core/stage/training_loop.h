// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"
#include "core/stage/stage_context.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

namespace mpo {

/// What SFT, reward model and DPO have in common is this loop; what differs is given to it.
struct TrainingTask
{
    std::vector<std::int64_t> examples; ///< numbers of the examples to train on
    /// Called before the micro-batches of an optimiser step with all its examples. May be empty.
    std::function<void(std::span<const std::int64_t>)> beginStep;
    /// Loss of a micro-batch, to be differentiated; `weight` is its share of the step for losses that are means over
    /// examples. Adds its metrics (already multiplied by `weight`, so that sums are means).
    std::function<at::Tensor(std::span<const std::int64_t>, double weight, Metrics&)> loss;
    std::function<Metrics()> evaluate; ///< on held-out examples; may be empty
    std::function<std::int64_t(std::int64_t)> tokens; ///< tokens computed for an example, for throughput
    /// Tokens of an example as TRL counts them for num_tokens: the prompt once for each response.
    std::function<std::int64_t(std::int64_t)> countedTokens;
};

/// Epochs of shuffled examples: accumulate, clip, step, schedule, report, checkpoint. Resumes from the newest
/// checkpoint in context.checkpoints. A loss or gradient that is not finite ends the run with an Error before the
/// weights change.
StageOutcome runTrainingLoop(Model& model, const TrainingTask& task, const StageContext& context);

/// Divides example numbers 0..count-1: a share drawn with the seed is held out.
struct HeldOut
{
    std::vector<std::int64_t> train, evaluation;
};
HeldOut holdOut(std::int64_t count, double share, std::uint64_t seed);

/// Largest resident set of this process so far, in MB (Linux).
double peakResidentMb();

} // namespace mpo
