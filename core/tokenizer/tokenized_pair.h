// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/tokenizer/tokenizer.h"

#include <stop_token>

namespace mpo {

/// Token ids of a pair. The prompt is shared by both responses and never empty for a usable pair with a BOS or a prompt
/// text.
struct TokenizedPair
{
    TokenIds prompt, chosen, rejected; ///< responses end with EOS where the data allow it
    std::int64_t index = 0; ///< number of the pair in its data set
};

enum class Truncation {
    CutEnd, ///< prompt + response cut to max_length, start kept; a pair whose prompt reaches max_length is dropped
            ///< (TRL's DPO)
    DropLong, ///< a pair with either side longer is dropped (TRL's reward model)
};

struct TokenizeReport
{
    std::vector<TokenizedPair> pairs;
    std::int64_t droppedLong = 0, cut = 0, droppedEmpty = 0; ///< droppedEmpty: a response without a token
};

/// TRL's rule (reference/trl-rules.md): EOS is appended as text where absent; prompt = longest common prefix of
/// tokens(prompt) and tokens(prompt + response), for a pair the shorter of the two; the rest is the response.
/// Rows of ids are taken as they are. `maxLength` in tokens, 0: no limit.
/// Kind Completions fills prompt and chosen only; Prompts fills prompt only.
TokenizeReport tokenizePairs(const Dataset& dataset, const Tokenizer* tokenizer, std::int64_t maxLength,
    Truncation truncation, std::stop_token stop = {});

/// One pair; no truncation. `tokenizer` may be null for rows of ids; throws Error if it is needed and null.
TokenizedPair tokenizePair(const PreferencePair& pair, DatasetKind kind, const Tokenizer* tokenizer);

} // namespace mpo
