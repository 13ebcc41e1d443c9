// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/nca_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor ncaPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    const at::Tensor chosen = options.beta * ratios.chosen, rejected = options.beta * ratios.rejected; // (B)
    return -at::log_sigmoid(chosen) - 0.5 * (at::log_sigmoid(-chosen) + at::log_sigmoid(-rejected));
}

} // namespace mpo
