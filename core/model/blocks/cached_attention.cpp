// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/cached_attention.h"

#include "core/model/blocks/attention.h"
#include "core/model/blocks/lanes.h"
#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>

#include <cassert>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

using Task = CachedAttentionTask;

#define MPO_KERNELS "core/model/blocks/cached_attention_kernel.inl"
#include "core/model/blocks/for_each_processor.inl"

double scaleOf(const AttentionOptions& options, std::int64_t width)
{
    return options.scale > 0.0 ? options.scale : 1.0 / std::sqrt(double(width));
}

} // namespace

std::int64_t roomForScores(std::int64_t keys) { return (keys + kLanes - 1) / kLanes * kLanes; }

CachedAttentionTask cachedAttentionTask(
    const AttentionOptions& options, std::int64_t group, std::int64_t width, std::int64_t length, std::int64_t room)
{
    Task task {};
    task.group = group;
    task.width = width;
    task.room = room;
    task.end = length;
    task.first = options.window > 0 ? std::max<std::int64_t>(0, length - options.window) : 0;
    task.scale = float(scaleOf(options, width));
    task.softCap = float(options.softCap);
    return task;
}

void attendCached(const CachedAttentionTask& task)
{
    static const auto kernel = MPO_KERNEL(attend);
    kernel(task);
}

at::Tensor cachedAttention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
    std::span<const std::int64_t> lengths, const AttentionOptions& options)
{
    const std::int64_t rows = q.size(0), heads = keys.size(1), width = q.size(2), group = q.size(1) / heads;
    assert(q.is_contiguous() && keys.stride(3) == 1 && keys.stride(2) == width && keys.strides() == values.strides());
    const std::int64_t room = roomForScores(keys.size(2));
    const at::Tensor out = at::empty({rows, q.size(1) * width}, q.options());
    const float* query = q.const_data_ptr<float>();
    const float* keyData = keys.const_data_ptr<float>();
    const float* valueData = values.const_data_ptr<float>();
    float* result = out.mutable_data_ptr<float>();
    constexpr std::int64_t kLeastWork = 16384; // multiplications and additions worth a thread's while
    const std::int64_t grain = std::max<std::int64_t>(1, kLeastWork / (2 * keys.size(2) * width * group));
    overThreads(rows * heads, grain, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> scores(std::size_t(room * group), 0.0f);
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t row = i / heads, head = i % heads;
            Task task = cachedAttentionTask(options, group, width, lengths[std::size_t(row)], room);
            task.query = query + i * group * width;
            task.keys = keyData + row * keys.stride(0) + head * keys.stride(1);
            task.values = valueData + row * keys.stride(0) + head * keys.stride(1);
            task.out = result + i * group * width;
            task.scores = scores.data();
            attendCached(task);
        }
    });
    return out;
}

} // namespace mpo
