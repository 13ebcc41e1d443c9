// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace mpo {

/// part(x), of which autograd keeps x alone: the backward pass computes `part` again (Chen et al. 2016, arXiv
/// 1604.06174). Parameters that `part` reads must be leaves; their gradients are added to .grad(), so this serves
/// backward() only, not autograd::grad(). What `part` refers to has to live until the backward pass is over, and to
/// give the same result then.
at::Tensor recomputed(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> part);

} // namespace mpo
