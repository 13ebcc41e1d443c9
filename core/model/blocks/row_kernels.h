// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

namespace mpo::rows {

// The small operations between the products of a decoder, each in one pass over memory where ATen's operators take two
// to seven. Without autograd: the blocks build their own gradients of these. On the CPU; tensors are fp32 or bf16, each
// with its last dimension contiguous; sums are fp32, rounding to bf16 is to nearest even. A row's result does not
// depend on other rows or on the number of threads.

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension. x: (N, D), weight: (D) fp32; y: (N, D) in `type`, scale:
/// (N) fp32, the factor of each row before the weight.
struct Normalised
{
    at::Tensor y, scale;
};
Normalised rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type);

/// Gradients of rmsNorm: by x, (N, D) fp32, and by the weight, (D), undefined unless wanted. g: (N, D)
std::pair<at::Tensor, at::Tensor> rmsNormBackward(
    const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scale, bool weightGradient);

/// gate * sigmoid(gate) * up. gate and up: (N, F), of one type; result: (N, F) in `type`.
at::Tensor gatedSilu(const at::Tensor& gate, const at::Tensor& up, at::ScalarType type);
/// Its gradients by gate and up, in their type.
std::pair<at::Tensor, at::Tensor> gatedSiluBackward(const at::Tensor& g, const at::Tensor& gate, const at::Tensor& up);

/// The pairs (x[i], x[i + half]) of each head turned by the angle (direction 1) or back (-1); entries from 2 half on
/// stay. x: (N, heads, W), cos and sin: (N, 1, half) fp32; result in `type`.
at::Tensor rotated(
    const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, double direction, at::ScalarType type);

/// x + y, x: (N, D) fp32, y: (N, D); fp32.
at::Tensor added(const at::Tensor& x, const at::Tensor& y);

/// Of each row of logits / temperature the logarithm of the sum of exponentials and, if wanted, the entropy of the
/// softmax in nats. logits: (N, V); (N) fp32 each. A row with a number that is not finite gives NaN.
struct LogSums
{
    at::Tensor logSum, entropy;
};
LogSums logSumExp(const at::Tensor& logits, double temperature, bool wantEntropy);

/// (onehot(target) - softmax(logits / temperature)) g. logSums and g: (N) fp32, targets: (N) int64; (N, V) of the
/// logits' type.
at::Tensor logProbBackward(const at::Tensor& logits, double temperature, const at::Tensor& logSums,
    const at::Tensor& targets, const at::Tensor& g);

// One row at a time, for who divides the rows among threads himself. `out`: fp32, or bf16 where `half`.

void normOne(const float* x, const float* weight, double eps, std::int64_t width, void* out, bool half);
void gatedSiluOne(const float* gate, const float* up, std::int64_t width, void* out, bool half);
/// x and out: (heads, width) fp32; cos and sin: (turned) each
void rotateOne(const float* x, const float* cos, const float* sin, std::int64_t heads, std::int64_t width,
    std::int64_t turned, float* out);
void addOne(const float* x, const float* y, std::int64_t width, float* out); ///< out may be x
void toHalf(const float* x, std::int64_t width, std::uint16_t* out); ///< bf16

} // namespace mpo::rows
