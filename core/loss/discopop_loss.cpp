// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/discopop_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor discopopLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    constexpr double kTau = 0.05; // the paper's
    const at::Tensor z = scaledMargin(input, options); // (B)
    const at::Tensor weight = at::sigmoid(z / kTau);
    return (1.0 - weight) * -at::log_sigmoid(z) + weight * at::exp(-z);
}

} // namespace mpo
