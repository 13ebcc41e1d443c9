// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/byte_pair_model.h"
#include "core/tokenizer/decoder.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/tokenizer.h"

namespace mpo {

/// Everything a tokenizer is made of, in the order in which a text passes through it. Readers of files fill this
/// (tokenizer_json, vocab_merges, sentencepiece_model); BpeTokenizer takes it whatever it came from.
struct TokenizerParts
{
    std::vector<AddedToken> added; ///< with their final ids; the vocabulary need not have them
    std::vector<NormalizerStep> normalizer;
    std::vector<PreTokenizerStep> preTokenizer;
    BytePairParts model;
    TokenIds before, after; ///< what encodeWithTemplate adds
    std::optional<std::vector<DecoderStep>> decoder; ///< none: tokens are joined with spaces
};

/// A file's limits: what is larger is no tokenizer.
constexpr std::size_t kMaxTokens = 1'000'000;
constexpr TokenId kMaxTokenId = 2'000'000;

/// Byte-pair encoding with all that goes around it, byte-level (GPT-2, Llama 3, Qwen 2) or SentencePiece's kind (Llama
/// 2, Mistral, Gemma), giving the ids that the package tokenizers gives.
class BpeTokenizer : public Tokenizer
{
public:
    /// Throws Error for ids and merges that cannot be; the sentence does not name the file.
    explicit BpeTokenizer(TokenizerParts parts);
    BpeTokenizer(const BpeTokenizer&) = delete; // the searches point into m_added
    BpeTokenizer& operator=(const BpeTokenizer&) = delete;

    TokenIds encode(std::string_view text, SpecialInText special) const override;
    TokenIds encodeWithTemplate(std::string_view text, SpecialInText special) const override;
    TokenIds encodeParts(std::span<const TextPart> parts) const override;
    std::string decode(const TokenIds& ids, SpecialTokens special) const override;
    std::int64_t vocabularySize() const override { return std::int64_t(m_texts.size()); }
    std::optional<TokenId> idOf(std::string_view token) const override;
    std::optional<std::string> tokenOf(TokenId id) const override;

private:
    void encodeTrusted(std::string_view text, const Trust& trust, TokenIds& ids) const;
    /// Text without added tokens of the first search.
    void encodeRest(std::string_view text, const Trust& trust, bool first, TokenIds& ids) const;
    /// Normalised text without added tokens.
    void encodeText(std::string_view text, bool first, TokenIds& ids) const;

    std::vector<AddedToken> m_added;
    AddedTokenSearch m_search, m_normalizedSearch;
    bool m_hasNormalizedAdded = false;
    std::vector<NormalizerStep> m_normalizer;
    std::vector<PreTokenizerStep> m_preTokenizer;
    BytePairModel m_model;
    bool m_bytePieces = false; ///< pieces are bytes, not yet letters
    TokenIds m_before, m_after;
    std::optional<std::vector<DecoderStep>> m_decoder;

    std::unordered_map<std::string_view, TokenId> m_addedIds;
    std::vector<std::string> m_texts; ///< by id; empty: no such id
    std::vector<std::string> m_decoded; ///< by id, what the decoder is given where that is another text
    std::vector<bool> m_skipped; ///< by id, when special tokens are left out
};

} // namespace mpo
