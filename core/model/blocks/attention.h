// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/packed_batch.h"

#include <span>

namespace mpo {

struct AttentionOptions
{
    double scale = 0.0; ///< of the scores; 0: 1 / sqrt(W)
    std::int64_t window = 0; ///< a token sees itself and the window - 1 before it (Mistral, arXiv 2310.06825); 0: all
    double softCap = 0.0; ///< scores become softCap * tanh(score / softCap) (Gemma 2, arXiv 2408.00118); 0: they stay
};

/// Scaled dot-product attention of packed segments: each attends causally to itself and fully to its prefix; segments
/// do not see each other otherwise. Query head h reads key head h / (H / K). Differentiable. q: (N, H, W), k and v: (N,
/// K, W), fp32 or bf16, all alike; result: (N, H * W), of their type
at::Tensor packedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<Segment>& segments, const AttentionOptions& options = {});

/// The same by public operators, one call and one mask a segment: slower, on any device, and the only way where a
/// window or a soft cap has an effect. The test's second opinion elsewhere.
at::Tensor packedAttentionBySegment(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<Segment>& segments, const AttentionOptions& options = {});

/// One query for each row of a cache on the CPU: row b sees its first lengths[b] keys, or the last `window` of them. q:
/// (B, H, W) contiguous, keys and values: (B, K, T, W), rows of W without gaps, fp32; result: (B, H * W). No gradient.
at::Tensor cachedAttention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
    std::span<const std::int64_t> lengths, const AttentionOptions& options = {});

/// The same by public operators on any device; the test's second opinion on the CPU. mask: (B, 1, 1, T), 0 or -inf,
/// added to the scores (it knows the window).
at::Tensor cachedAttentionByMask(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
    const at::Tensor& mask, const AttentionOptions& options = {});

} // namespace mpo
