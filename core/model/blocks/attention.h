// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/packed_batch.h"

namespace mpo {

/// Scaled dot-product attention of packed segments: each attends causally to itself and fully to its prefix; segments
/// do not see each other otherwise. Query head h reads key head h / (H / K). Differentiable. q: (N, H, W), k and v: (N,
/// K, W), fp32; result: (N, H * W)
at::Tensor packedAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments);

/// The same by the public operator, one call and one mask a segment: slower, on any device. The test's second opinion.
at::Tensor packedAttentionBySegment(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments);

/// One query for each row of a cache. q: (B, H, W), keys and values: (B, K, T, W), mask: (B, 1, 1, T), 0 or -inf, added
/// to the scores; result: (B, H * W). No gradient.
at::Tensor cachedAttention(
    const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& mask);

} // namespace mpo
