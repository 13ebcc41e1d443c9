// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/dpo_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor dpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const at::Tensor z = scaledMargin(input, options); // (B)
    const at::Tensor loss = -(1.0 - options.labelSmoothing) * at::log_sigmoid(z);
    return options.labelSmoothing == 0.0 ? loss : loss - options.labelSmoothing * at::log_sigmoid(-z);
}

} // namespace mpo
