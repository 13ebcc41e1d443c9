// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/simpo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor simpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs means = meanLogProbs(input);
    return -at::log_sigmoid(options.beta * (means.chosen - means.rejected) - options.simpoGamma);
}

} // namespace mpo
