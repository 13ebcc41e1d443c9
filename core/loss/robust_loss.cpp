// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/robust_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor robustLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const double flipped = options.labelSmoothing;
    const at::Tensor z = scaledMargin(input, options); // (B)
    return (flipped * at::log_sigmoid(-z) - (1.0 - flipped) * at::log_sigmoid(z)) / (1.0 - 2.0 * flipped);
}

} // namespace mpo
