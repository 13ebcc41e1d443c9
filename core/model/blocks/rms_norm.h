// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension, in fp32 (arXiv 1910.07467). The result is handed out in
/// `type`, for the product that follows. x: (N, D) fp32 or bf16, weight: (D) fp32
at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type);

} // namespace mpo
