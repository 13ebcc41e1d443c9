// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/bco_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor bcoPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return -at::log_sigmoid(options.beta * ratios.chosen) - at::log_sigmoid(-options.beta * ratios.rejected); // (B)
}

} // namespace mpo
