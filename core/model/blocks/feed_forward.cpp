// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/feed_forward.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor FeedForward::operator()(const at::Tensor& x, ComputeType type) const
{
    return down(at::silu(gate(x, type)) * up(x, type), type);
}

} // namespace mpo
