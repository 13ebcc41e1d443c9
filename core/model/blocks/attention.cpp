// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const Segment* prefixOf(const Segment& segment, const std::vector<Segment>& segments)
{
    const Segment* prefix = segment.prefix < 0 ? nullptr : &segments[std::size_t(segment.prefix)];
    return prefix && prefix->length > 0 ? prefix : nullptr;
}

/// Rows of one segment as K batches of G = H / K heads that share a key head. x: (N, H, W) -> (K, G, T, W)
at::Tensor grouped(const at::Tensor& x, const Segment& segment, std::int64_t kvHeads)
{
    const std::int64_t group = x.size(1) / kvHeads;
    return x.narrow(0, segment.begin, segment.length)
        .view({segment.length, kvHeads, group, x.size(2)})
        .permute({1, 2, 0, 3});
}

/// Keys or values of one segment, seen by all heads of a group through a stride of 0. x: (N, K, W) -> (K, G, T, W)
at::Tensor shared(const at::Tensor& x, const Segment& segment, std::int64_t group)
{
    return grouped(x, segment, x.size(1)).expand({-1, group, -1, -1});
}

/// Adds what the heads of a group have for their common key head. x: (K, G, T, W) into rows of sum: (N, K, W)
void addTo(const at::Tensor& sum, const Segment& segment, const at::Tensor& x)
{
    sum.narrow(0, segment.begin, segment.length).add_((x.size(1) == 1 ? x.squeeze(1) : x.sum(1)).transpose(0, 1));
}

/// The flash kernel of the CPU, segment by segment. What a segment draws from its prefix is a second call without a
/// mask; the two are joined by their log-sum-exps, and since the kernel's backward needs only the joint output and the
/// joint log-sum-exp, it gives exact gradients for both. No masks, no copies of the prompt, no score computed that is
/// not used.
struct PackedAttention : torch::autograd::Function<PackedAttention>
{
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
        const std::vector<Segment>* segments, double scale)
    {
        const std::int64_t kvHeads = k.size(1), group = q.size(1) / kvHeads;
        at::Tensor out = at::empty_like(q); // (N, H, W)
        at::Tensor logSums = at::empty({q.size(0), q.size(1), 1}, at::kFloat); // (N, H, 1)
        for (const Segment& segment : *segments) {
            if (segment.length == 0)
                continue;
            const at::Tensor query = grouped(q, segment, kvHeads);
            auto [attended, logSum] = at::_scaled_dot_product_flash_attention_for_cpu(
                query, shared(k, segment, group), shared(v, segment, group), 0.0, /*is_causal=*/true, {}, scale);
            if (const Segment* prefix = prefixOf(segment, *segments)) {
                const auto [fromPrefix, prefixSum] = at::_scaled_dot_product_flash_attention_for_cpu(
                    query, shared(k, *prefix, group), shared(v, *prefix, group), 0.0, false, {}, scale);
                const at::Tensor ownShare = at::sigmoid(logSum - prefixSum).unsqueeze(-1); // (K, G, T, 1)
                logSum = at::logaddexp(logSum, prefixSum);
                attended = at::lerp(fromPrefix.to(at::kFloat), attended.to(at::kFloat), ownShare);
            }
            grouped(out, segment, kvHeads).copy_(attended);
            grouped(logSums, segment, kvHeads).copy_(logSum.unsqueeze(-1));
        }
        context->save_for_backward({q, k, v, out, logSums});
        std::vector<std::int64_t> numbers;
        for (const Segment& segment : *segments)
            numbers.insert(numbers.end(), {segment.begin, segment.length, segment.prefix});
        context->saved_data["segments"] = numbers;
        context->saved_data["scale"] = scale;
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        // In fp32 also where they are kept in bf16: for each of its small blocks the kernel's bf16 products set up
        // oneDNN anew, which takes several times as long as the products.
        const at::ScalarType type = saved[0].scalar_type();
        const at::Tensor q = saved[0].to(at::kFloat), k = saved[1].to(at::kFloat), v = saved[2].to(at::kFloat),
                         out = saved[3].to(at::kFloat), &logSums = saved[4];
        const at::Tensor gradient = gradients[0].to(at::kFloat).contiguous();
        const auto numbers = context->saved_data["segments"].toIntVector();
        const double scale = context->saved_data["scale"].toDouble();
        std::vector<Segment> segments;
        for (std::size_t i = 0; i < numbers.size(); i += 3)
            segments.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});

        const std::int64_t kvHeads = k.size(1), group = q.size(1) / kvHeads;
        at::Tensor dq = at::empty_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
        for (const Segment& segment : segments) {
            if (segment.length == 0)
                continue;
            const auto part = [&](const Segment& source, bool causal) {
                auto [queryGradient, keyGradient, valueGradient]
                    = at::_scaled_dot_product_flash_attention_for_cpu_backward(grouped(gradient, segment, kvHeads),
                        grouped(q, segment, kvHeads), shared(k, source, group), shared(v, source, group),
                        grouped(out, segment, kvHeads), grouped(logSums, segment, kvHeads).squeeze(-1), 0.0, causal, {},
                        scale);
                addTo(dk, source, keyGradient);
                addTo(dv, source, valueGradient);
                return queryGradient;
            };
            at::Tensor target = grouped(dq, segment, kvHeads);
            target.copy_(part(segment, /*causal=*/true));
            if (const Segment* prefix = prefixOf(segment, segments))
                target.add_(part(*prefix, /*causal=*/false));
        }
        return {dq.to(type), dk.to(type), dv.to(type), {}, {}};
    }
};

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
    return PackedAttention::apply(q, k, v, &segments, scaleOf(options, q.size(2))).view({q.size(0), -1});
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
