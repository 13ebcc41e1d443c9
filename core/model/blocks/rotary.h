// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// Angles of rotary positions (arXiv 2104.09864): theta^(-2i / headWidth) times the position.
struct Rotary
{
    at::Tensor cos, sin; ///< (N, 1, headWidth / 2) fp32
};

/// 1 / theta^(2i / headWidth), computed in fp32 as transformers does. (headWidth / 2)
at::Tensor rotaryFrequencies(double theta, std::int64_t headWidth);
/// positions: (N) int64
Rotary rotaryAngles(const at::Tensor& positions, const at::Tensor& frequencies);

/// Turns the pairs (x[i], x[i + headWidth / 2]): the layout of Hugging Face checkpoints. Differentiable.
/// x: (N, heads, headWidth) of any float type; result in fp32
at::Tensor rotate(const at::Tensor& x, const Rotary& rotary);

} // namespace mpo
