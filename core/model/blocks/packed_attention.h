// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/packed_batch.h"

namespace mpo {

/// packedAttention() on the CPU without window and soft cap (attention.h): all segments and heads in one parallel
/// region, blockwise with a running largest score (FlashAttention-2, arXiv 2307.08691, algorithms 1 and 2), in fp32.
/// Nothing is padded, no prompt copied, and no block of scores computed that nobody sees; of a batch of short segments
/// most time would otherwise go into the calls. The result is the same with any number of threads. Differentiable.
/// q: (N, H, W), k and v: (N, K, W), fp32 or bf16, all alike; result: (N, H, W), of their type
at::Tensor attendPacked(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments, double scale);

} // namespace mpo
