// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/attention.h"

#include "core/model/blocks/packed_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

const Segment* prefixOf(const Segment& segment, const std::vector<Segment>& segments)
{
    const Segment* prefix = segment.prefix < 0 ? nullptr : &segments[std::size_t(segment.prefix)];
    return prefix && prefix->length > 0 ? prefix : nullptr;
}

double scaleOf(const AttentionOptions& options, std::int64_t headWidth)
{
    return options.scale > 0.0 ? options.scale : 1.0 / std::sqrt(double(headWidth));
}

/// A window that no sequence is longer than changes nothing.
bool windowMatters(const std::vector<Segment>& segments, std::int64_t window)
{
    return window > 0 && std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
        const Segment* prefix = prefixOf(segment, segments);
        return segment.length + (prefix ? prefix->length : 0) > window;
    });
}

/// Softmax of capped scores times the values. q: (..., Tq, W), k and v: (..., T, W), mask: 0 or -inf
at::Tensor cappedAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& mask, double scale, double softCap)
{
    const at::Tensor scores = at::matmul(q, k.transpose(-1, -2)) * scale;
    return at::matmul((at::tanh(scores / softCap) * softCap + mask).softmax(-1), v);
}

/// What each of `queries` tokens, the last of `keys`, may see. (queries, keys), 0 or -inf
at::Tensor causalMask(std::int64_t queries, std::int64_t keys, std::int64_t window, const at::TensorOptions& options)
{
    const at::Tensor query = at::arange(keys - queries, keys, at::kLong).unsqueeze(1),
                     key = at::arange(keys, at::kLong);
    at::Tensor hidden = key > query;
    if (window > 0)
        hidden = hidden.logical_or(key <= query - window);
    return at::zeros({queries, keys}, at::kFloat)
        .masked_fill_(hidden, -std::numeric_limits<double>::infinity())
        .to(options);
}

} // namespace

at::Tensor packedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<Segment>& segments, const AttentionOptions& options)
{
    if (!q.is_cpu() || options.softCap > 0.0 || windowMatters(segments, options.window))
        return packedAttentionBySegment(q, k, v, segments, options);
    return attendPacked(q, k, v, segments, scaleOf(options, q.size(2))).view({q.size(0), -1});
}

at::Tensor packedAttentionBySegment(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<Segment>& segments, const AttentionOptions& options)
{
    const auto rows = [](const at::Tensor& x, const Segment& s) {
        return x.narrow(0, s.begin, s.length).transpose(0, 1).unsqueeze(0);
    };
    const bool groups = q.size(1) != k.size(1);
    const double scale = scaleOf(options, q.size(2));
    std::vector<at::Tensor> results;
    for (const Segment& segment : segments) {
        if (segment.length == 0)
            continue;
        at::Tensor query = rows(q, segment), keys = rows(k, segment), values = rows(v, segment); // (1, K, T, W)
        if (const Segment* prefix = prefixOf(segment, segments)) {
            keys = at::cat({rows(k, *prefix), keys}, 2);
            values = at::cat({rows(v, *prefix), values}, 2);
        }
        const at::Tensor mask = causalMask(segment.length, keys.size(2), options.window, q.options());
        at::Tensor attended;
        if (options.softCap > 0.0) {
            const std::int64_t group = q.size(1) / k.size(1);
            attended = cappedAttention(query, keys.repeat_interleave(group, 1), values.repeat_interleave(group, 1),
                mask, scale, options.softCap);
        } else {
            attended = at::scaled_dot_product_attention(query, keys, values, mask, 0.0, false, scale, groups);
        }
        results.push_back(attended.squeeze(0).transpose(0, 1).reshape({segment.length, -1}));
    }
    return results.empty() ? q.reshape({0, q.size(1) * q.size(2)}) : at::cat(results, 0);
}

at::Tensor cachedAttentionByMask(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
    const at::Tensor& mask, const AttentionOptions& options)
{
    // The G heads of a group become G queries of one key head: nothing is expanded.
    const at::Tensor query = q.view({q.size(0), keys.size(1), -1, q.size(2)}); // (B, K, G, W)
    const double scale = scaleOf(options, q.size(2));
    const at::Tensor attended = options.softCap > 0.0
        ? cappedAttention(query, keys, values, mask, scale, options.softCap)
        : at::scaled_dot_product_attention(query, keys, values, mask, 0.0, false, scale);
    return attended.reshape({q.size(0), -1});
}

} // namespace mpo
