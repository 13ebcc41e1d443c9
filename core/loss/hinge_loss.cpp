// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/hinge_loss.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor hingeLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const at::Tensor z = scaledMargin(input, options); // (B)
    return at::relu(1.0 - z);
}

} // namespace mpo
