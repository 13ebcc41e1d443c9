// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/tokenizer.h"

#include <array>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace mpo {

/// The 256 characters that stand for bytes in byte-level vocabularies (GPT-2): printable Latin-1 stands for itself, the
/// rest is moved to U+0100 and up. As UTF-8 texts.
const std::array<std::string, 256>& byteAlphabet();

struct AddedToken
{
    std::string text;
    TokenId id = 0;
    bool special = false, leftStrip = false, rightStrip = false;
    /// Those of the second search ("normalized": true) are looked for in what the first leaves.
    enum class Search { First, Second } search = Search::First;
};

struct BytePairParts
{
    std::unordered_map<std::string, TokenId> vocabulary;
    std::vector<std::pair<std::string, std::string>> merges; ///< by falling priority
    bool ignoreMerges = false; ///< a whole piece that stands in the vocabulary is taken as it is (Llama 3)
    bool addPrefixSpace = false;
    std::vector<SplitStep> steps;
    std::vector<AddedToken> added;
    TokenIds before, after; ///< of the post-processor
};

/// Byte-level BPE as in GPT-2, Llama 3, Qwen 2 and SmolLM (Sennrich et al., arXiv 1508.07909, on bytes).
class ByteLevelBpe : public Tokenizer
{
public:
    explicit ByteLevelBpe(BytePairParts parts);

    TokenIds encode(std::string_view text, SpecialInText special) const override;
    TokenIds encodeWithTemplate(std::string_view text, SpecialInText special) const override;
    TokenIds encodeParts(std::span<const TextPart> parts) const override;
    std::string decode(const TokenIds& ids, SpecialTokens special) const override;
    std::int64_t vocabularySize() const override { return std::int64_t(m_texts.size()); }
    std::optional<TokenId> idOf(std::string_view token) const override;
    std::optional<std::string> tokenOf(TokenId id) const override;

private:
    /// Which bytes of a text may be part of a special token.
    struct Trust
    {
        bool everywhere = false;
        std::vector<bool> bytes; ///< empty: as `everywhere` says
        bool all(std::size_t begin, std::size_t end) const;
        bool any(std::size_t begin, std::size_t end) const;
    };
    /// Of the bytes [from, to) of `text`.
    void encodeAdded(std::string_view text, std::size_t from, std::size_t to, const Trust& trust,
        AddedToken::Search search, TokenIds& ids) const;
    void encodeText(std::string_view text, TokenIds& ids) const;
    void encodePiece(std::string_view piece, TokenIds& ids) const;
    TokenIds mergePiece(const std::string& bytes) const;

    struct Merge
    {
        std::int32_t rank = 0;
        TokenId result = 0;
    };
    BytePairParts m_parts;
    std::vector<std::string> m_texts; ///< by id; empty: no such id
    std::unordered_map<TokenId, const AddedToken*> m_addedById;
    std::array<bool, 256> m_startsAdded {}; ///< an added token begins with this byte
    std::unordered_map<std::uint64_t, Merge> m_merges; ///< (left << 32 | right)
    std::array<TokenId, 256> m_byteIds {};
    std::unordered_map<std::string, std::uint8_t> m_bytes; ///< character of the alphabet -> byte
    mutable std::shared_mutex m_mutex; ///< guards m_cache
    mutable std::unordered_map<std::string, TokenIds> m_cache;
};

} // namespace mpo
