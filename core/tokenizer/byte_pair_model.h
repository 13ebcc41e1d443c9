// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mpo {

using Vocabulary = std::unordered_map<std::string, TokenId>;

/// What a byte-pair model is made of, wherever it was read.
struct BytePairParts
{
    Vocabulary vocabulary;
    std::vector<std::pair<std::string, std::string>> merges; ///< by falling priority
    std::optional<std::string> unknown; ///< stands for characters without a token; without it they are left out
    bool fuseUnknown = false; ///< one for several such characters in a row
    bool byteFallback = false; ///< such characters become the tokens <0x00> to <0xFF> of their bytes
    bool ignoreMerges = false; ///< a whole piece that stands in the vocabulary is taken as it is (Llama 3)
};

/// The merges of a SentencePiece model, which has scores instead: every way to make a token of two others, by falling
/// score of the token, then by its id. `scores` by id; only tokens that have one take part.
std::vector<std::pair<std::string, std::string>> mergesFromScores(
    const std::vector<std::string>& tokens, const std::vector<std::optional<float>>& scores);

/// Byte-pair encoding (Sennrich et al., arXiv 1508.07909) of one piece of text at a time. May be used on any thread.
class BytePairModel
{
public:
    /// Throws Error for merges that do not fit the vocabulary.
    explicit BytePairModel(BytePairParts parts);

    /// The characters of a piece. O(n log n), also where the whole text is one piece.
    void encode(std::string_view piece, TokenIds& ids) const;
    /// The bytes of a piece, each standing for its letter of byteAlphabet. Only where hasAllBytes().
    void encodeBytes(std::string_view piece, TokenIds& ids) const;
    bool hasAllBytes() const { return m_hasAllBytes; }

    const Vocabulary& vocabulary() const { return m_parts.vocabulary; }

private:
    /// (left, right) -> rank and result; open addressing, for this is asked for every pair of neighbours.
    class Merges
    {
    public:
        struct Entry
        {
            std::uint64_t pair = kNone;
            std::int32_t rank = 0;
            TokenId result = 0;
        };
        void reserve(std::size_t count);
        void put(TokenId left, TokenId right, std::int32_t rank, TokenId result);
        const Entry* find(TokenId left, TokenId right) const;

    private:
        static constexpr std::uint64_t kNone = ~std::uint64_t(0);
        std::size_t place(std::uint64_t pair) const;
        std::vector<Entry> m_entries;
        int m_shift = 0;
    };

    TokenId idOfCharacter(std::string_view character) const; ///< -1: none
    void cacheOrMerge(std::string_view piece, bool bytes, TokenIds& ids) const;
    void symbolsOf(std::string_view piece, bool bytes, TokenIds& symbols) const;
    void merge(TokenIds& symbols) const;
    void mergeMany(TokenIds& symbols) const;

    BytePairParts m_parts;
    std::uint64_t m_instance = 0; ///< in the cache of words, which all models of a thread share
    Merges m_merges;
    std::array<TokenId, 256> m_byteIds {}; ///< of letters
    std::array<TokenId, 256> m_fallbackIds {}; ///< of <0x00>..., -1: none
    std::array<TokenId, 128> m_asciiIds {};
    std::unordered_map<char32_t, TokenId> m_characterIds;
    std::unordered_map<std::string, TokenId> m_wholeBytes; ///< bytes of a token -> id, where merges may be ignored
    bool m_hasAllBytes = false;
    bool m_cutsAtSpaces = false; ///< no merge reaches over the begin of a run of U+2581
};

} // namespace mpo
