// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/exo_loss.h"

#include <ATen/ATen.h>

#include <cmath>

namespace mpo {

at::Tensor exoPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const at::Tensor z = scaledMargin(input, options); // (B)
    return at::sigmoid(z) * (at::log_sigmoid(z) - std::log1p(-options.labelSmoothing))
        + at::sigmoid(-z) * (at::log_sigmoid(-z) - std::log(options.labelSmoothing));
}

} // namespace mpo
