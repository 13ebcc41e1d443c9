// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/decode_step.h"

#include "core/model/blocks/cached_attention.h"
#include "core/model/blocks/packed_weight.h"
#include "core/model/blocks/row_kernels.h"
#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace mpo {

namespace {

bool isRms(const Norm& norm) { return norm.defined() && norm.kind == Norm::Kind::Rms; }

const PackedWeight* qkvOf(const DecoderLayer& layer)
{
    const auto& packed = layer.qkv.fused.defined() ? layer.qkv.fused.packed : layer.qkv.packed;
    return packed.get();
}

const PackedWeight* gateUpOf(const DecoderLayer& layer)
{
    const FeedForward& feedForward = layer.feedForward;
    return (feedForward.gateUp.defined() ? feedForward.gateUp.packed : feedForward.packed).get();
}

/// Memory of a step, which all threads see.
struct Buffers
{
    at::Tensor normed, attended, activated; ///< inputs of products as PackedWeight lays them out
    at::Tensor qkv, projected, gateUp; ///< (B, outputs) fp32

    static at::Tensor inputOf(const PackedWeight& weight, std::int64_t rows)
    {
        return at::zeros({std::int64_t(weight.inputBytes(rows))}, at::kByte);
    }
};

class Run
{
public:
    Run(const DecoderParts& parts, const ModelConfig& config, const std::vector<Rotary>& rotaries, at::Tensor& x,
        KvCache& cache)
        : m_parts(parts)
        , m_rotaries(rotaries)
        , m_rows(x.size(0))
        , m_width(x.size(1))
        , m_heads(config.heads)
        , m_kvHeads(config.kvHeads)
        , m_headWidth(config.headWidth)
        , m_lengths(cache.lengths())
        , m_x(x.mutable_data_ptr<float>())
    {
        for (std::size_t i = 0; i < parts.layers.size(); ++i)
            m_storage.push_back(cache.storage(std::int64_t(i)));
        const DecoderLayer& first = parts.layers.front();
        m_half = qkvOf(first)->type() == ComputeType::BFloat16;
        m_buffers.normed = Buffers::inputOf(*qkvOf(first), m_rows);
        m_buffers.attended = Buffers::inputOf(*first.out.packed, m_rows);
        m_buffers.activated = Buffers::inputOf(*first.feedForward.down.packed, m_rows);
        m_buffers.qkv = at::empty({m_rows, qkvOf(first)->outputs()}, at::kFloat);
        m_buffers.projected = at::empty({m_rows, m_width}, at::kFloat);
        m_buffers.gateUp = at::empty({m_rows, gateUpOf(first)->outputs()}, at::kFloat);
        m_longest = *std::max_element(m_lengths.begin(), m_lengths.end()) + 1;
    }

    void onThread(int thread, TeamBarrier& barrier) const
    {
        const std::int64_t hidden = gateUpOf(m_parts.layers.front())->outputs() / 2;
        Scratch scratch;
        scratch.room = roomForScores(m_longest);
        scratch.scores.assign(std::size_t(scratch.room * (m_heads / m_kvHeads)), 0.0f);
        scratch.turned.resize(std::size_t(m_heads / m_kvHeads * m_headWidth));
        scratch.out.resize(std::size_t(m_heads / m_kvHeads * m_headWidth));
        scratch.row.resize(std::size_t(std::max({m_width, hidden, m_headWidth * m_heads / m_kvHeads})));
        for (std::size_t i = 0; i < m_parts.layers.size(); ++i) {
            const DecoderLayer& layer = m_parts.layers[i];
            norm(layer.attentionNorm, *qkvOf(layer), i > 0, scratch, thread, barrier);
            barrier.wait();
            multiply(*qkvOf(layer), m_buffers.normed, m_buffers.qkv, thread, barrier);
            barrier.wait();
            attend(layer, i, scratch, thread, barrier);
            barrier.wait();
            multiply(*layer.out.packed, m_buffers.attended, m_buffers.projected, thread, barrier);
            barrier.wait();
            norm(layer.feedForwardNorm, *gateUpOf(layer), true, scratch, thread, barrier);
            barrier.wait();
            multiply(*gateUpOf(layer), m_buffers.normed, m_buffers.gateUp, thread, barrier);
            barrier.wait();
            activate(*layer.feedForward.down.packed, hidden, scratch, thread, barrier);
            barrier.wait();
            multiply(*layer.feedForward.down.packed, m_buffers.activated, m_buffers.projected, thread, barrier);
            barrier.wait();
        }
        const TeamShare share(m_rows, thread, barrier.threads());
        for (std::int64_t row = share.begin; row < share.end; ++row)
            addProjected(row);
    }

private:
    struct Scratch
    {
        std::int64_t room = 0;
        std::vector<float> scores, turned, out, row; ///< row: numbers of the products' type
    };

    void addProjected(std::int64_t row) const
    {
        rows::addOne(m_x + row * m_width, m_buffers.projected.const_data_ptr<float>() + row * m_width, m_width,
            m_x + row * m_width);
    }

    void norm(const Norm& norm, const PackedWeight& next, bool adds, Scratch& scratch, int thread,
        const TeamBarrier& barrier) const
    {
        const TeamShare share(m_rows, thread, barrier.threads());
        for (std::int64_t row = share.begin; row < share.end; ++row) {
            if (adds) // what the layer before, or attention, adds to the stream
                addProjected(row);
            rows::normOne(m_x + row * m_width, norm.weight.const_data_ptr<float>(), norm.eps, m_width,
                scratch.row.data(), m_half);
            next.place(scratch.row.data(), 0, m_width, row, m_rows, m_buffers.normed.mutable_data_ptr());
        }
    }

    void multiply(const PackedWeight& weight, const at::Tensor& input, const at::Tensor& out, int thread,
        const TeamBarrier& barrier) const
    {
        const TeamShare share(weight.groups(m_rows), thread, barrier.threads());
        weight.multiply(input.const_data_ptr(), m_rows, out.mutable_data_ptr<float>(), share.begin, share.end);
    }

    /// Of each row and key head: key and value go into the cache, and the queries that read it look at it.
    void attend(
        const DecoderLayer& layer, std::size_t number, Scratch& scratch, int thread, const TeamBarrier& barrier) const
    {
        const std::int64_t W = m_headWidth, group = m_heads / m_kvHeads, outputs = (m_heads + 2 * m_kvHeads) * W;
        const KvCache::Storage& storage = m_storage[number];
        const Rotary& rotary = m_rotaries[std::size_t(layer.rotary)];
        const std::int64_t turned = rotary.cos.size(-1);
        const TeamShare share(m_rows * m_kvHeads, thread, barrier.threads());
        for (std::int64_t i = share.begin; i < share.end; ++i) {
            const std::int64_t row = i / m_kvHeads, head = i % m_kvHeads, length = m_lengths[std::size_t(row)];
            const float* qkv = m_buffers.qkv.const_data_ptr<float>() + row * outputs;
            const float *cos = rotary.cos.const_data_ptr<float>() + row * turned,
                        *sin = rotary.sin.const_data_ptr<float>() + row * turned;
            float *keys = storage.keys + i * storage.capacity * W, *values = storage.values + i * storage.capacity * W;
            rows::rotateOne(qkv + head * group * W, cos, sin, group, W, turned, scratch.turned.data());
            rows::rotateOne(qkv + (m_heads + head) * W, cos, sin, 1, W, turned, keys + length * W);
            std::copy_n(qkv + (m_heads + m_kvHeads + head) * W, W, values + length * W);
            CachedAttentionTask task = cachedAttentionTask(layer.attention, group, W, length + 1, scratch.room);
            task.query = scratch.turned.data();
            task.keys = keys;
            task.values = values;
            task.scores = scratch.scores.data();
            task.out = scratch.out.data();
            attendCached(task);
            const void* result = scratch.out.data();
            if (m_half) {
                rows::toHalf(scratch.out.data(), group * W, reinterpret_cast<std::uint16_t*>(scratch.row.data()));
                result = scratch.row.data();
            }
            layer.out.packed->place(
                result, head * group * W, group * W, row, m_rows, m_buffers.attended.mutable_data_ptr());
        }
    }

    void activate(
        const PackedWeight& next, std::int64_t hidden, Scratch& scratch, int thread, const TeamBarrier& barrier) const
    {
        const TeamShare share(m_rows, thread, barrier.threads());
        for (std::int64_t row = share.begin; row < share.end; ++row) {
            const float* gate = m_buffers.gateUp.const_data_ptr<float>() + row * 2 * hidden;
            rows::gatedSiluOne(gate, gate + hidden, hidden, scratch.row.data(), m_half);
            next.place(scratch.row.data(), 0, hidden, row, m_rows, m_buffers.activated.mutable_data_ptr());
        }
    }

    const DecoderParts& m_parts;
    const std::vector<Rotary>& m_rotaries;
    const std::int64_t m_rows, m_width, m_heads, m_kvHeads, m_headWidth;
    const std::vector<std::int64_t>& m_lengths;
    float* const m_x;
    std::int64_t m_longest = 0;
    bool m_half = false;
    std::vector<KvCache::Storage> m_storage;
    Buffers m_buffers;
};

} // namespace

bool DecodeStep::suits(const DecoderParts& parts)
{
    const auto known = [&](const DecoderLayer& layer) {
        return isRms(layer.attentionNorm) && isRms(layer.feedForwardNorm) && !layer.attentionOutNorm.defined()
            && !layer.feedForwardOutNorm.defined() && !layer.qkv.queryNorm.defined() && !layer.qkv.keyNorm.defined()
            && layer.qkv.layout == QkvProjection::Layout::Blocks && layer.rotary >= 0 && qkvOf(layer)
            && layer.out.packed && gateUpOf(layer) && layer.feedForward.down.packed
            && layer.feedForward.activation == Activation::Silu
            && (layer.feedForward.gate.defined() || layer.feedForward.gateUp.defined());
    };
    return !parts.parallelResidual && !parts.layers.empty()
        && std::all_of(parts.layers.begin(), parts.layers.end(), known);
}

bool DecodeStep::suits(const at::Tensor& x) { return x.size(0) > 0 && x.is_cpu() && PackedWeight::suits(x); }

void DecodeStep::run(const DecoderParts& parts, const ModelConfig& config, const std::vector<Rotary>& rotaries,
    at::Tensor& x, KvCache& cache)
{
    x = x.to(at::kFloat).contiguous();
    const Run run(parts, config, rotaries, x, cache);
    inTeam([&](int thread, TeamBarrier& barrier) { run.onThread(thread, barrier); });
}

} // namespace mpo
