// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/ipo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor ipoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const at::Tensor chosen = (input.policy.chosen - input.reference.chosen) / input.tokens.chosen.clamp_min(1.0);
    const at::Tensor rejected
        = (input.policy.rejected - input.reference.rejected) / input.tokens.rejected.clamp_min(1.0);
    return (chosen - rejected - 1.0 / (2.0 * options.beta)).square(); // (B)
}

} // namespace mpo
