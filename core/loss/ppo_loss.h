// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

struct PpoLossOptions
{
    double clipRange = 0.2; ///< of the ratio
    double valueClipRange = 0.2; ///< of the change of the value
};

/// Everything flat over response tokens, (R) fp32, no padding anywhere: means are token means.
/// Schulman et al. 2017 (arXiv 1707.06347) eq. 7; value clipping as in openai/lm-human-preferences train_policy.py.
struct PolicyLoss
{
    at::Tensor loss; ///< scalar, differentiable: mean max(-A r, -A clip(r, 1 - eps, 1 + eps))
    double clipFraction = 0; ///< share of tokens where the clipped term is the larger
    double approxKl = 0; ///< mean (new - old)^2 / 2
    double meanRatio = 1;
};
PolicyLoss ppoPolicyLoss(const at::Tensor& logProbs, const at::Tensor& oldLogProbs, const at::Tensor& advantages,
    const PpoLossOptions& options);

struct ValueLoss
{
    at::Tensor loss; ///< scalar, differentiable: 1/2 mean max((V - R)^2, (clip(V, V_old +- eps) - R)^2)
    double clipFraction = 0;
};
ValueLoss ppoValueLoss(
    const at::Tensor& values, const at::Tensor& oldValues, const at::Tensor& returns, const PpoLossOptions& options);

} // namespace mpo
