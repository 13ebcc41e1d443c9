// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_config.h"

#include <ATen/core/Tensor.h>

namespace mpo {

/// A linear layer with fp32 master weights. The one place that knows in which type products are computed.
struct Linear
{
    at::Tensor weight, bias; ///< (out, in), (out) or undefined
    at::Tensor rounded; ///< bf16 copy of the weight for decoding, see round(); undefined: none

    /// x W^T + b. In bf16, x and W are rounded, sums run in fp32 and the result is rounded; the gradient reaches the
    /// fp32 weight. x: (N, in); result: (N, out) in the type of the product
    at::Tensor operator()(const at::Tensor& x, ComputeType type) const;

    /// Decoding reads every weight once per token: there the rounding would cost more than the product. Not
    /// differentiable.
    void round();
};

/// The type in which products are computed.
at::ScalarType scalarType(ComputeType type);

} // namespace mpo
