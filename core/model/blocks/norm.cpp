// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/norm.h"

#include "core/model/blocks/rms_norm.h"

#include <ATen/ATen.h>

namespace mpo {

at::Tensor Norm::operator()(const at::Tensor& x, at::ScalarType type) const
{
    if (!defined())
        return x.to(type);
    if (kind == Kind::Layer)
        return at::layer_norm(x.to(at::kFloat), weight.sizes(), weight, bias, eps).to(type);
    return rmsNorm(x.reshape({-1, x.size(-1)}), kind == Kind::RmsFromOne ? weight + 1.0 : weight, eps, type)
        .view(x.sizes());
}

} // namespace mpo
