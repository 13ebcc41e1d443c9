// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/reward_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor rewardLoss(const at::Tensor& chosenScores, const at::Tensor& rejectedScores, double centering)
{
    const at::Tensor loss = -at::log_sigmoid(chosenScores - rejectedScores);
    return centering == 0.0 ? loss : loss + centering * (chosenScores + rejectedScores).square();
}

} // namespace mpo
