// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/aot_loss.h"

#include <ATen/ATen.h>

namespace mpo {

namespace {

at::Tensor sorted(const at::Tensor& values) { return std::get<0>(at::sort(values, /*dim=*/0)); }

at::Tensor smoothed(const at::Tensor& margins, const PreferenceLossOptions& options)
{
    const at::Tensor z = options.beta * margins; // (B)
    return -(1.0 - options.labelSmoothing) * at::log_sigmoid(z) - options.labelSmoothing * at::log_sigmoid(-z);
}

} // namespace

at::Tensor aotLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    return smoothed(
        sorted(input.policy.chosen - input.policy.rejected) - sorted(input.reference.chosen - input.reference.rejected),
        options);
}

at::Tensor aotUnpairedLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return smoothed(sorted(ratios.chosen) - sorted(ratios.rejected), options);
}

} // namespace mpo
