// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/tokenizer/token_store.h"
#include "core/tokenizer/tokenizer.h"

#include <memory>
#include <vector>

namespace mpo {

/// Token ids of a row. The prompt is shared by both responses and never empty for a usable pair with a BOS or a prompt
/// text. Responses end with EOS where the data allow it.
struct TokenizedRow
{
    TokenIds prompt, chosen, rejected;
};

/// The same, as a view of ids in a TokenStore.
struct TokenizedPair
{
    std::span<const TokenId> prompt, chosen, rejected;
    std::int64_t index = 0; ///< number of the pair in its data set
    bool hadIds = false; ///< the data gave ids, not texts
};

/// Pairs with the store that holds their ids. A contiguous range of TokenizedPair.
class TokenizedPairs
{
public:
    explicit TokenizedPairs(std::shared_ptr<TokenStore> store = std::make_shared<TokenStore>())
        : m_store(std::move(store))
    {
    }

    void add(const TokenizedRow& row, std::int64_t index = 0, bool hadIds = false);
    /// A pair whose ids lie in the same store.
    void add(const TokenizedPair& pair) { m_pairs.push_back(pair); }
    /// None yet, in the same store.
    TokenizedPairs emptyWithStore() const { return TokenizedPairs(m_store); }

    std::size_t size() const { return m_pairs.size(); }
    bool empty() const { return m_pairs.empty(); }
    TokenizedPair* data() { return m_pairs.data(); }
    const TokenizedPair* data() const { return m_pairs.data(); }
    TokenizedPair& operator[](std::size_t i) { return m_pairs[i]; }
    const TokenizedPair& operator[](std::size_t i) const { return m_pairs[i]; }
    auto begin() { return m_pairs.begin(); }
    auto end() { return m_pairs.end(); }
    auto begin() const { return m_pairs.begin(); }
    auto end() const { return m_pairs.end(); }

private:
    std::shared_ptr<TokenStore> m_store;
    std::vector<TokenizedPair> m_pairs;
};

enum class Truncation {
    CutEnd, ///< prompt + response cut to max_length, start kept; a pair whose prompt reaches max_length is dropped
            ///< (TRL's DPO)
    DropLong, ///< a pair with either side longer is dropped (TRL's reward model)
};

/// TRL's rule (reference/trl-rules.md): EOS is appended as text where absent; prompt = longest common prefix of
/// tokens(prompt) and tokens(prompt + response), for a pair the shorter of the two; the rest is the response.
/// Rows of ids are taken as they are. Kind Completions fills prompt and chosen only; Prompts fills prompt only.
/// No truncation. `tokenizer` may be null for rows of ids; throws Error if it is needed and null.
TokenizedRow tokenizePair(const PreferencePair& pair, DatasetKind kind, const Tokenizer* tokenizer);

struct TokenizeReport
{
    TokenizedPairs pairs;
    std::int64_t droppedLong = 0, cut = 0, droppedEmpty = 0; ///< droppedEmpty: a response without a token
};

/// Puts tokenized rows into a report: cut, left out, or as they are. `maxLength` in tokens, 0: no limit.
class RowLimiter
{
public:
    RowLimiter(TokenizeReport& report, DatasetKind kind, std::int64_t maxLength, Truncation truncation)
        : m_report(report)
        , m_kind(kind)
        , m_limit(maxLength)
        , m_truncation(truncation)
    {
    }
    void add(TokenizedRow&& row, std::int64_t index, bool hadIds);

private:
    TokenizeReport& m_report;
    DatasetKind m_kind;
    std::int64_t m_limit;
    Truncation m_truncation;
};

} // namespace mpo
