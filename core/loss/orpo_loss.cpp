// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/orpo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

namespace {

/// log(p / (1 - p)) from log p <= 0. A response that is certain (log p = 0) has odds without end: the largest finite
/// ones stand in for it.
at::Tensor logOdds(const at::Tensor& logProb)
{
    constexpr double kNearlyCertain = -1e-6;
    const at::Tensor below = logProb.clamp_max(kNearlyCertain);
    return below - at::log(-at::expm1(below));
}

} // namespace

at::Tensor orpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs means = meanLogProbs(input);
    return -means.chosen - options.beta * at::log_sigmoid(logOdds(means.chosen) - logOdds(means.rejected));
}

} // namespace mpo
