// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/chosen_likelihood_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor chosenLikelihoodLoss(const PreferenceLossInput& input, const PreferenceLossOptions&)
{
    const at::Tensor mean = -input.policy.chosen.sum() / input.tokens.chosen.sum().clamp_min(1.0); // ()
    return mean.expand_as(input.policy.chosen);
}

} // namespace mpo
