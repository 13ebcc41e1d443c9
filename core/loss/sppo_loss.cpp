// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/sppo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor sppoHardLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    const double target = 0.5 / options.beta;
    return (ratios.chosen - target).square() + (ratios.rejected + target).square(); // (B)
}

} // namespace mpo
