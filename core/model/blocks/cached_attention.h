// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mpo {

struct AttentionOptions;

/// One token of one row: the query heads of one key head. All fp32.
struct CachedAttentionTask
{
    const float *query, *keys, *values; ///< (G, W), (T, W), (T, W)
    float* out; ///< (G, W)
    float* scores; ///< (G, room), not negative infinity or NaN to begin with
    std::int64_t group, width, room, first, end; ///< keys [first, end) are seen; room: their count, rounded up to lanes
    float scale, softCap;
};

/// Room for the scores of so many keys.
std::int64_t roomForScores(std::int64_t keys);

/// The task of a row with `length` keys without its places.
CachedAttentionTask cachedAttentionTask(
    const AttentionOptions& options, std::int64_t group, std::int64_t width, std::int64_t length, std::int64_t room);

/// On the calling thread.
void attendCached(const CachedAttentionTask& task);

} // namespace mpo
