// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/packed_batch.h"

#include <ATen/ATen.h>

#include <cassert>

namespace mpo {

std::int64_t PackedBatchBuilder::add(std::span<const TokenId> ids, std::int64_t prefix)
{
    assert(prefix < std::int64_t(m_segments.size()) && (prefix < 0 || m_segments[std::size_t(prefix)].prefix < 0));
    const std::int64_t start = prefix < 0 ? 0 : m_segments[std::size_t(prefix)].length;
    m_segments.push_back({std::int64_t(m_tokens.size()), std::int64_t(ids.size()), prefix});
    for (std::size_t i = 0; i < ids.size(); ++i) {
        m_tokens.push_back(ids[i]);
        m_positions.push_back(start + std::int64_t(i));
    }
    return std::int64_t(m_segments.size()) - 1;
}

PackedBatch PackedBatchBuilder::build() const
{
    return {at::tensor(m_tokens, at::kLong), at::tensor(m_positions, at::kLong), m_segments};
}

ResponseRows responseRows(const PackedBatch& batch, std::span<const std::int64_t> responses)
{
    std::vector<std::int64_t> rows, places, numbers;
    for (std::size_t number = 0; number < responses.size(); ++number) {
        const Segment& segment = batch.segments[std::size_t(responses[number])];
        for (std::int64_t t = 0; t < segment.length; ++t) {
            if (t > 0) {
                rows.push_back(segment.begin + t - 1);
            } else {
                const Segment* prefix = segment.prefix < 0 ? nullptr : &batch.segments[std::size_t(segment.prefix)];
                if (!prefix || prefix->length == 0)
                    continue; // nothing stands before it
                rows.push_back(prefix->begin + prefix->length - 1);
            }
            places.push_back(segment.begin + t);
            numbers.push_back(std::int64_t(number));
        }
    }
    ResponseRows result;
    result.rows = at::tensor(rows, at::kLong);
    result.targets = batch.tokens.index_select(0, at::tensor(places, at::kLong));
    result.response = at::tensor(numbers, at::kLong);
    result.responses = std::int64_t(responses.size());
    return result;
}

at::Tensor lastRows(const PackedBatch& batch, std::span<const std::int64_t> segments)
{
    std::vector<std::int64_t> rows;
    for (const std::int64_t number : segments) {
        const Segment* segment = &batch.segments[std::size_t(number)];
        if (segment->length == 0 && segment->prefix >= 0)
            segment = &batch.segments[std::size_t(segment->prefix)];
        rows.push_back(segment->begin + std::max<std::int64_t>(0, segment->length - 1));
    }
    return at::tensor(rows, at::kLong);
}

} // namespace mpo
