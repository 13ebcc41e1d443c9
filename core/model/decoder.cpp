// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/decoder.h"

#include "core/model/blocks/packed_weight.h"
#include "core/model/blocks/recompute.h"
#include "core/model/blocks/row_kernels.h"
#include "core/model/decode_step.h"
#include "core/support/error.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace mpo {

namespace {

/// For each token of a packed batch how long its sequence is; for a prompt the longest of those that it begins. (N)
at::Tensor sequenceLengths(const PackedBatch& batch)
{
    std::vector<std::int64_t> bySegment;
    for (const Segment& segment : batch.segments) {
        bySegment.push_back(segment.length);
        if (segment.prefix < 0)
            continue;
        const auto prefix = std::size_t(segment.prefix);
        bySegment.back() += batch.segments[prefix].length;
        bySegment[prefix] = std::max(bySegment[prefix], bySegment.back());
    }
    at::Tensor lengths = at::empty({batch.tokenCount()}, at::kLong);
    for (std::size_t i = 0; i < batch.segments.size(); ++i)
        lengths.narrow(0, batch.segments[i].begin, batch.segments[i].length).fill_(bySegment[i]);
    return lengths;
}

} // namespace

namespace {

/// x + y for an fp32 stream x and a y in bf16, without a copy of y in fp32.
struct Added : torch::autograd::Function<Added>
{
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& y)
    {
        context->saved_data["type"] = std::int64_t(y.scalar_type());
        return rows::added(x, y);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        return {gradients[0], gradients[0].to(at::ScalarType(context->saved_data["type"].toInt()))};
    }
};

at::Tensor added(const at::Tensor& x, const at::Tensor& y)
{
    return x.is_cpu() && y.scalar_type() == at::kBFloat16 ? Added::apply(x, y) : x + y;
}

} // namespace

Decoder::Decoder(const ModelConfig& config, DecoderParts parts)
    : CausalLm(config)
    , m_parts(std::move(parts))
{
}

namespace {

/// The batch with a few tokens more, up to a multiple of 32. oneDNN makes code for every number of rows, 15 ms for a
/// forward pass, and keeps some thousand pieces of it: batches of any length would never be served from those.
PackedBatch filledUp(const PackedBatch& batch)
{
    const std::int64_t count = batch.tokenCount(), more = (count + 31) / 32 * 32 - count;
    PackedBatch filled = batch;
    filled.tokens = at::cat({batch.tokens, at::zeros({more}, at::kLong)});
    filled.positions = at::cat({batch.positions, at::arange(more)});
    filled.segments.push_back({count, more, -1});
    return filled;
}

} // namespace

at::Tensor Decoder::hidden(const PackedBatch& batch) const
{
    constexpr std::int64_t kFewest = 512; // where 31 rows more do not count
    const std::int64_t count = batch.tokenCount();
    if (computeType != ComputeType::BFloat16 || count < kFewest || !batch.tokens.is_cpu())
        return forward(batch, nullptr);
    return forward(filledUp(batch), nullptr).narrow(0, 0, count);
}

at::Tensor Decoder::prefill(const PackedBatch& batch, KvCache& cache) const
{
    const at::NoGradGuard noGrad;
    return forward(batch, &cache);
}

at::Tensor Decoder::decode(const at::Tensor& tokens, KvCache& cache) const
{
    const at::NoGradGuard noGrad;
    const std::vector<Rotary> rotaries = rotariesAt(cache.positions(), cache.positions() + 1);
    std::vector<std::int64_t> lengths = cache.lengths(); // with the new token
    for (std::int64_t& length : lengths)
        ++length;
    at::Tensor x = embed(tokens, cache.positions()); // (B, D)
    if (DecodeStep::suits(m_parts) && DecodeStep::suits(x)) {
        DecodeStep::run(m_parts, m_config, rotaries, x, cache);
        cache.advance();
        return m_parts.finalNorm(x, at::kFloat);
    }
    for (std::size_t i = 0; i < m_parts.layers.size(); ++i) {
        const DecoderLayer& layer = m_parts.layers[i];
        const auto number = std::int64_t(i);
        const Projected p = project(layer, x, rotaries, at::kFloat); // as the cache holds them
        cache.append(number, p.k, p.v);
        const at::Tensor keys = cache.keys(number), values = cache.values(number);
        at::Tensor attended;
        if (keys.is_cpu()) {
            attended = cachedAttention(p.q, keys, values, lengths, layer.attention);
        } else {
            const at::Tensor allowed = cache.attentionMask(layer.attention.window);
            attended = cachedAttentionByMask(p.q, keys, values,
                at::zeros(allowed.sizes(), p.q.options()).masked_fill_(allowed.logical_not(), -INFINITY),
                layer.attention);
        }
        x = finish(layer, x, attended);
    }
    cache.advance();
    return m_parts.finalNorm(x, at::kFloat);
}

KvCache Decoder::makeCache() const { return KvCache(m_config.layers, m_config.kvHeads, m_config.headWidth); }

at::Tensor Decoder::outputWeight() const
{
    const at::Tensor& output = m_config.tiedEmbeddings ? m_parts.embedding : m_parts.output;
    if (!output.defined())
        fail("tensor {} is missing: this model has no output layer, so it cannot write or weigh text",
            m_parts.outputName);
    return output;
}

bool Decoder::sharesPrompts(std::int64_t length) const
{
    return std::none_of(m_parts.rotaries.begin(), m_parts.rotaries.end(),
        [&](const RotaryPositions& rotary) { return rotary.dependsOnLength(length); });
}

bool Decoder::outgrowsCache(std::int64_t length) const
{
    return std::any_of(m_parts.rotaries.begin(), m_parts.rotaries.end(),
        [&](const RotaryPositions& rotary) { return rotary.turnsAt(length); });
}

NamedTensors Decoder::parameters(bool withOutput) const
{
    NamedTensors all = m_parts.named;
    if (!withOutput && m_parts.output.defined())
        all.pop_back();
    return all;
}

namespace {

template<class Layer>
auto linearsOf(Layer& layer)
{
    return std::array {&layer.qkv.q, &layer.qkv.k, &layer.qkv.v, &layer.qkv.fused, &layer.out, &layer.feedForward.gate,
        &layer.feedForward.up, &layer.feedForward.gateUp, &layer.feedForward.down};
}

} // namespace

std::vector<Linear*> Decoder::linears()
{
    std::vector<Linear*> all;
    for (DecoderLayer& layer : m_parts.layers)
        for (Linear* linear : linearsOf(layer))
            if (linear->defined())
                all.push_back(linear);
    return all;
}

std::vector<const Linear*> Decoder::linears() const
{
    const auto all = const_cast<Decoder*>(this)->linears();
    return {all.begin(), all.end()};
}

void Decoder::mergeLowRanks()
{
    for (Linear* linear : linears()) {
        if (!linear->lowRank)
            continue;
        const at::Tensor before = linear->weight;
        linear->merge();
        for (auto& [name, tensor] : m_parts.named)
            if (tensor.is_same(before))
                tensor = linear->weight;
    }
}

std::unique_ptr<CausalLm> Decoder::sharedCopy() const
{
    auto copy = std::make_unique<Decoder>(m_config, m_parts);
    copy->computeType = computeType;
    copy->recomputesLayers = recomputesLayers;
    return copy;
}

Decoder::Projected Decoder::project(
    const DecoderLayer& layer, const at::Tensor& x, const std::vector<Rotary>& rotaries, at::ScalarType type) const
{
    const at::Tensor h = layer.attentionNorm(x, scalarType(computeType));
    const std::int64_t N = x.size(0), H = m_config.heads, K = m_config.kvHeads, W = m_config.headWidth;
    const QkvProjection& qkv = layer.qkv;
    Projected p;
    const auto blocks = [&](const at::Tensor& all) {
        return Projected {all.narrow(1, 0, H * W).view({N, H, W}), all.narrow(1, H * W, K * W).view({N, K, W}),
            all.narrow(1, (H + K) * W, K * W).view({N, K, W})};
    };
    if (qkv.packed && PackedWeight::suits(h)) {
        p = blocks((*qkv.packed)(h));
    } else if (!qkv.fused.defined()) {
        p = {qkv.q(h, computeType).view({N, H, W}), qkv.k(h, computeType).view({N, K, W}),
            qkv.v(h, computeType).view({N, K, W})};
    } else if (qkv.layout == QkvProjection::Layout::ByHead) {
        const at::Tensor all = qkv.fused(h, computeType).view({N, H, 3, W});
        p = {all.select(2, 0), all.select(2, 1), all.select(2, 2)};
    } else {
        p = blocks(qkv.fused(h, computeType));
    }
    if (qkv.queryNorm.defined()) {
        p.q = qkv.queryNorm(p.q, at::kFloat);
        p.k = qkv.keyNorm(p.k, at::kFloat);
    }
    if (layer.rotary >= 0) {
        const Rotary& rotary = rotaries[std::size_t(layer.rotary)];
        p.q = rotate(p.q, rotary, type);
        p.k = rotate(p.k, rotary, type);
    }
    return {p.q.to(type).contiguous(), p.k.to(type).contiguous(), p.v.to(type).contiguous()};
}

/// What follows attention. The residual stream x stays in fp32.
at::Tensor Decoder::finish(const DecoderLayer& layer, const at::Tensor& x, const at::Tensor& attended) const
{
    // Where there is no norm, what is added may stay in the type of the product.
    const auto outNorm = [](const Norm& norm, const at::Tensor& y) { return norm.defined() ? norm(y, at::kFloat) : y; };
    const at::Tensor y = added(x, outNorm(layer.attentionOutNorm, layer.out(attended, computeType)));
    const at::Tensor in = layer.feedForwardNorm(m_parts.parallelResidual ? x : y, scalarType(computeType));
    return added(y, outNorm(layer.feedForwardOutNorm, layer.feedForward(in, computeType)));
}

at::Tensor Decoder::forward(const PackedBatch& batch, KvCache* cache) const
{
    checkTokens(batch.tokens);
    const bool byLength = std::any_of(m_parts.rotaries.begin(), m_parts.rotaries.end(),
        [](const RotaryPositions& rotary) { return rotary.dependsOnLength(); });
    std::vector<Rotary> rotaries = rotariesAt(batch.positions, byLength ? sequenceLengths(batch) : at::Tensor());
    at::Tensor x = embed(batch.tokens, batch.positions); // (N, D)
    // What a layer needs for a second time goes with it, as the backward pass may come after this batch is gone.
    const auto kept = std::make_shared<const std::pair<std::vector<Rotary>, std::vector<Segment>>>(
        std::move(rotaries), batch.segments);
    for (std::size_t i = 0; i < m_parts.layers.size(); ++i) {
        const auto through = [this, i, kept, cache](const at::Tensor& in) {
            const DecoderLayer& layer = m_parts.layers[i];
            const auto& [layerRotaries, segments] = *kept;
            const Projected p = project(layer, in, layerRotaries, scalarType(computeType));
            for (std::size_t row = 0; cache && row < segments.size(); ++row)
                cache->setPrompt(std::int64_t(i), std::int64_t(row),
                    p.k.narrow(0, segments[row].begin, segments[row].length),
                    p.v.narrow(0, segments[row].begin, segments[row].length));
            return finish(layer, in, packedAttention(p.q, p.k, p.v, segments, layer.attention));
        };
        x = recomputesLayers && !cache ? recomputed(x, through) : through(x);
    }
    return m_parts.finalNorm(x, at::kFloat);
}

at::Tensor Decoder::embed(const at::Tensor& tokens, const at::Tensor& positions) const
{
    at::Tensor x = at::embedding(m_parts.embedding, tokens);
    if (m_parts.embeddingScale != 1.0)
        x = x * m_parts.embeddingScale;
    if (!m_parts.positionEmbedding.defined() || tokens.numel() == 0)
        return x;
    if (const auto last = positions.max().item<std::int64_t>(); last >= m_parts.positionEmbedding.size(0))
        fail("A sequence has {} tokens or more, but the model knows {} positions only; lower max_length or "
             "max_new_tokens",
            last + 1, m_parts.positionEmbedding.size(0));
    return x + at::embedding(m_parts.positionEmbedding, positions);
}

std::vector<Rotary> Decoder::rotariesAt(const at::Tensor& positions, const at::Tensor& lengths) const
{
    std::vector<Rotary> rotaries;
    for (const RotaryPositions& rotary : m_parts.rotaries)
        rotaries.push_back(rotary.angles(positions, lengths));
    return rotaries;
}

void Decoder::checkTokens(const at::Tensor& tokens) const
{
    if (tokens.numel() == 0)
        return;
    const auto [least, largest] = at::aminmax(tokens);
    for (const std::int64_t id : {least.item<std::int64_t>(), largest.item<std::int64_t>()})
        if (id < 0 || id >= m_config.vocabulary)
            fail(
                "Token id {} is not in the model's vocabulary of {}; the data or the tokenizer belong to another model",
                id, m_config.vocabulary);
}

void Decoder::packForDecoding() const
{
    for (DecoderLayer& layer : m_parts.layers) {
        if (layer.qkv.fused.defined())
            layer.qkv.fused.pack(computeType);
        else
            layer.qkv.packed = PackedWeight::make({&layer.qkv.q, &layer.qkv.k, &layer.qkv.v}, computeType);
        layer.out.pack(computeType);
        layer.feedForward.pack(computeType);
    }
}

void Decoder::unpack() const
{
    for (DecoderLayer& layer : m_parts.layers) {
        layer.qkv.packed.reset();
        layer.qkv.fused.packed.reset();
        layer.out.packed.reset();
        layer.feedForward.unpack();
    }
}

} // namespace mpo
