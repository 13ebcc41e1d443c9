// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/length_normalized_dpo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor lengthNormalizedDpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return -at::log_sigmoid(options.beta
        * (ratios.chosen / input.tokens.chosen.clamp_min(1.0)
            - ratios.rejected / input.tokens.rejected.clamp_min(1.0)));
}

} // namespace mpo
