// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"
#include "core/support/random.h"

#include <functional>
#include <span>
#include <stop_token>

namespace mpo {

struct GenerationOptions
{
    std::int64_t maxNewTokens = 128; ///< >= 1
    double temperature = 1.0; ///< > 0
    std::int64_t topK = 0; ///< 0: off
    double topP = 1.0; ///< in (0, 1]; 1: off
    bool greedy = false; ///< the most probable token; the four above but maxNewTokens are not used
    std::vector<std::int64_t> stopIds; ///< ids that end a response; they are part of it
    std::int64_t batchRows = 32; ///< rows decoded together
    std::int64_t firstRow = 0; ///< number of the first prompt where the prompts are a part of a longer list
    /// Called after every token of a row with all its tokens so far; may be empty.
    std::function<void(std::size_t row, std::span<const TokenId> ids)> onToken;
};

struct GeneratedResponse
{
    TokenIds ids; ///< without the prompt; ends with a stop id unless it ran into maxNewTokens
    std::vector<float> logProbs; ///< of each token under softmax(logits / temperature) without top-k / top-p; fp32
    bool finished = false; ///< a stop id was drawn
};

/// Batched sampling with a KV cache: each prompt is computed once, finished rows leave the batch, `stop` is polled at
/// every token (the rows unfinished then are returned as they are). Row i draws only from a stream derived from
/// (seed, firstRow + i), so results do not depend on batchRows or on the other rows' lengths.
/// An empty prompt throws Error. `progress` gets finished rows.
std::vector<GeneratedResponse> generate(const Model& policy, const std::vector<TokenIds>& prompts,
    const GenerationOptions& options, std::uint64_t seed, std::stop_token stop = {},
    const std::function<void(std::int64_t)>& progress = {});

} // namespace mpo
