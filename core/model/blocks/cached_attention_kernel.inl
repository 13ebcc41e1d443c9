// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Included by cached_attention.cpp once for each kind of processor (lanes.h).

#include "core/model/blocks/lanes.inl"

/// Turns scores into shares that are not divided by their sum yet, and returns the sum.
MPO_INLINE float soften(float* scores, std::int64_t count)
{
    float largest = scores[0];
    for (std::int64_t t = 1; t < count; ++t)
        largest = scores[t] > largest ? scores[t] : largest;
    for (std::int64_t t = count; t % kLanes != 0; ++t)
        scores[t] = largest;
    Lanes totals {};
    for (std::int64_t t = 0; t < count; t += kLanes) {
        Lanes& lanes = lanesAt(scores + t);
        lanes -= largest;
        exponential(lanes);
        totals += lanes;
    }
    return sumOf(totals) - float((kLanes - count % kLanes) % kLanes); // what was filled up counts 1 each
}

/// G heads at a time, so that each key and value is read once.
template<int G>
MPO_INLINE void attendHeads(const Task& task, std::int64_t head)
{
    const std::int64_t whole = task.width / kLanes * kLanes, count = task.end - task.first;
    const float* query = task.query + head * task.width;
    float* scores = task.scores + head * task.room;
    for (std::int64_t t = 0; t < count; ++t) {
        const float* key = task.keys + (task.first + t) * task.width;
        Lanes sums[G] {};
        for (std::int64_t w = 0; w < whole; w += kLanes)
#pragma GCC unroll 4
            for (int g = 0; g < G; ++g)
                sums[g] += lanesAt(query + g * task.width + w) * lanesAt(key + w);
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) {
            float score = sumOf(sums[g]);
            for (std::int64_t w = whole; w < task.width; ++w)
                score += query[g * task.width + w] * key[w];
            score *= task.scale;
            scores[g * task.room + t] = task.softCap > 0.0f ? task.softCap * std::tanh(score / task.softCap) : score;
        }
    }
    float inverse[G];
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g)
        inverse[g] = 1.0f / soften(scores + g * task.room, count);

    float* out = task.out + head * task.width;
    const float* values = task.values + task.first * task.width;
    for (std::int64_t w = 0; w < whole; w += kLanes) {
        Lanes sums[G] {};
        for (std::int64_t t = 0; t < count; ++t) {
            const Lanes& value = lanesAt(values + t * task.width + w);
#pragma GCC unroll 4
            for (int g = 0; g < G; ++g)
                sums[g] += scores[g * task.room + t] * value;
        }
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g)
            lanesAt(out + g * task.width + w) = sums[g] * inverse[g];
    }
    for (std::int64_t w = whole; w < task.width; ++w)
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) {
            float sum = 0.0f;
            for (std::int64_t t = 0; t < count; ++t)
                sum += scores[g * task.room + t] * values[t * task.width + w];
            out[g * task.width + w] = sum * inverse[g];
        }
}

MPO_TARGET void attend(const Task& task)
{
    std::int64_t head = 0;
    for (; head + 4 <= task.group; head += 4)
        attendHeads<4>(task, head);
    if (task.group - head == 3)
        attendHeads<3>(task, head);
    else
        for (; head < task.group; ++head)
            attendHeads<1>(task, head);
}
