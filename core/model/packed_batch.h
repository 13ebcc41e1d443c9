// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace mpo {

/// A run of tokens in a packed batch. It attends causally to itself and fully to its prefix segment, if any.
struct Segment
{
    std::int64_t begin = 0; ///< row of its first token in the packed list
    std::int64_t length = 0; ///< may be 0
    std::int64_t prefix = -1; ///< number of the segment it attends to fully; -1: none. The prefix itself has no prefix
};

/// Token lists laid end to end, without padding: all linear layers run on (N, D). A preference pair is three segments,
/// prompt, chosen and rejected, so the prompt is computed once.
struct PackedBatch
{
    at::Tensor tokens; ///< (N) int64
    at::Tensor positions; ///< (N) int64; a segment goes on where its prefix ends
    std::vector<Segment> segments;

    std::int64_t tokenCount() const { return tokens.defined() ? tokens.size(0) : 0; }
};

class PackedBatchBuilder
{
public:
    /// Returns the number of the new segment. `prefix`: number of an earlier segment without a prefix of its own, or
    /// -1.
    std::int64_t add(std::span<const TokenId> ids, std::int64_t prefix = -1);
    PackedBatch build() const;

private:
    std::vector<std::int64_t> m_tokens, m_positions;
    std::vector<Segment> m_segments;
};

/// Which hidden states predict which tokens: for each token of each response the row of the token before it (for the
/// first token: the last row of the prompt).
struct ResponseRows
{
    at::Tensor rows; ///< (R) int64: rows of the packed batch whose hidden state predicts
    at::Tensor targets; ///< (R) int64: the token predicted
    at::Tensor response; ///< (R) int64: number of the response, in the order of `responses`
    std::int64_t responses = 0;
};

/// `responses`: numbers of segments. A segment without prefix predicts from its second token on.
ResponseRows responseRows(const PackedBatch& batch, std::span<const std::int64_t> responses);

/// Row of the last token of each segment; of its prefix where the segment is empty. (segments.size()) int64
at::Tensor lastRows(const PackedBatch& batch, std::span<const std::int64_t> segments);

} // namespace mpo
