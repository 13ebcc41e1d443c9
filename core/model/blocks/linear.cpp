// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/linear.h"

#include <ATen/ATen.h>

namespace mpo {

at::ScalarType scalarType(ComputeType type) { return type == ComputeType::BFloat16 ? at::kBFloat16 : at::kFloat; }

at::Tensor Linear::operator()(const at::Tensor& x, ComputeType type) const
{
    const at::ScalarType compute = scalarType(type);
    const bool reuse = rounded.defined() && compute == at::kBFloat16 && !at::GradMode::is_enabled();
    const at::Tensor y = at::linear(x.to(compute), reuse ? rounded : weight.to(compute));
    return bias.defined() ? y + bias.to(compute) : y;
}

void Linear::round() { rounded = weight.detach().to(at::kBFloat16); }

} // namespace mpo
