// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/apo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor apoZeroLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return 1.0 - at::sigmoid(options.beta * ratios.chosen) + at::sigmoid(options.beta * ratios.rejected); // (B)
}

at::Tensor apoDownLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return at::sigmoid(options.beta * ratios.chosen) + 1.0 - at::sigmoid(scaledMargin(input, options)); // (B)
}

} // namespace mpo
