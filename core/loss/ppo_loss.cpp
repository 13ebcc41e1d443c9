// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/ppo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

PolicyLoss ppoPolicyLoss(const at::Tensor& logProbs, const at::Tensor& oldLogProbs, const at::Tensor& advantages,
    const PpoLossOptions& options)
{
    const at::Tensor difference = logProbs - oldLogProbs;
    const at::Tensor ratio = difference.exp(); // (R)
    const at::Tensor plain = -advantages * ratio;
    const at::Tensor clipped = -advantages * ratio.clamp(1.0 - options.clipRange, 1.0 + options.clipRange);
    PolicyLoss result;
    result.loss = at::maximum(plain, clipped).mean();
    const at::NoGradGuard noGrad;
    result.clipFraction = (clipped > plain).to(at::kFloat).mean().item<double>();
    result.approxKl = 0.5 * difference.square().mean().item<double>();
    result.meanRatio = ratio.mean().item<double>();
    return result;
}

ValueLoss ppoValueLoss(
    const at::Tensor& values, const at::Tensor& oldValues, const at::Tensor& returns, const PpoLossOptions& options)
{
    const at::Tensor near = oldValues + (values - oldValues).clamp(-options.valueClipRange, options.valueClipRange);
    const at::Tensor plain = (values - returns).square(), clipped = (near - returns).square(); // (R)
    ValueLoss result;
    result.loss = 0.5 * at::maximum(plain, clipped).mean();
    const at::NoGradGuard noGrad;
    result.clipFraction = (clipped > plain).to(at::kFloat).mean().item<double>();
    return result;
}

} // namespace mpo
