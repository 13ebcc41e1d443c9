// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/linear.h"

namespace mpo {

/// SwiGLU (arXiv 2002.05202): down(silu(gate(x)) * up(x)).
struct FeedForward
{
    Linear gate, up, down;

    at::Tensor operator()(const at::Tensor& x, ComputeType type) const; // (N, D) -> (N, D)
};

} // namespace mpo
