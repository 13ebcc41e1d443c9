// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_tokenizer.h"

#include "core/support/error.h"
#include "core/support/utf8.h"
#include "core/tokenizer/byte_alphabet.h"

#include <unordered_set>

namespace mpo {

BpeTokenizer::BpeTokenizer(TokenizerParts parts)
    : m_added(std::move(parts.added))
    , m_normalizer(std::move(parts.normalizer))
    , m_preTokenizer(std::move(parts.preTokenizer))
    , m_model(std::move(parts.model))
    , m_before(std::move(parts.before))
    , m_after(std::move(parts.after))
    , m_decoder(std::move(parts.decoder))
{
    const auto put = [&](const std::string& text, TokenId id) {
        if (id < 0 || id > kMaxTokenId)
            fail("the token \"{}\" has the impossible id {}", inSentence(text), id);
        if (std::size_t(id) >= m_texts.size())
            m_texts.resize(std::size_t(id) + 1);
        m_texts[std::size_t(id)] = text;
    };
    for (const auto& [text, id] : m_model.vocabulary())
        put(text, id);
    for (const AddedToken& token : m_added)
        put(token.text, token.id);
    for (const TokenIds* ids : {&m_before, &m_after})
        for (const TokenId id : *ids)
            if (id < 0 || std::size_t(id) >= m_texts.size())
                fail("the post-processor adds the token {}, which is not there", id);

    m_decoded.resize(m_texts.size());
    m_skipped.resize(m_texts.size());
    std::unordered_set<std::string_view> special;
    for (const AddedToken& token : m_added) {
        m_addedIds[token.text] = token.id;
        if (token.special)
            special.insert(token.text);
        NormalizedText normalized {token.text, {}, true};
        if (token.normalized)
            normalize(m_normalizer, normalized);
        (token.normalized ? m_normalizedSearch : m_search).add(normalized.text, token);
        m_hasNormalizedAdded = m_hasNormalizedAdded || token.normalized;
        if (normalized.text != token.text)
            m_decoded[std::size_t(token.id)] = normalized.text;
    }
    for (std::size_t id = 0; id < m_texts.size(); ++id)
        m_skipped[id] = special.contains(m_decoded[id].empty() ? m_texts[id] : m_decoded[id]);
    m_bytePieces = !m_preTokenizer.empty() && std::holds_alternative<ByteLevelStep>(m_preTokenizer.back())
        && m_model.hasAllBytes();
}

TokenIds BpeTokenizer::encode(std::string_view text, SpecialInText special) const
{
    TokenIds ids;
    ids.reserve(text.size() / 4); // an English word has some four letters
    const Trust trust {special == SpecialInText::Yes, {}};
    if (isValidUtf8(text))
        encodeTrusted(text, trust, ids);
    else
        encodeTrusted(withReplacements(text), trust, ids);
    return ids;
}

TokenIds BpeTokenizer::encodeWithTemplate(std::string_view text, SpecialInText special) const
{
    TokenIds ids = m_before;
    const TokenIds inner = encode(text, special);
    ids.insert(ids.end(), inner.begin(), inner.end());
    ids.insert(ids.end(), m_after.begin(), m_after.end());
    return ids;
}

TokenIds BpeTokenizer::encodeParts(std::span<const TextPart> parts) const
{
    std::string raw;
    std::vector<bool> trusted;
    for (const TextPart& part : parts) {
        raw += part.text;
        trusted.insert(trusted.end(), part.text.size(), part.trusted);
    }
    std::string text;
    Trust trust;
    for (std::size_t i = 0; i < raw.size();) {
        const std::size_t length = sequenceLength(raw, i);
        const std::string_view character = length > 0 ? std::string_view(raw).substr(i, length) : kReplacementCharacter;
        for (std::size_t k = 0; k < character.size(); ++k)
            trust.bytes.push_back(trusted[length > 0 ? i + k : i]);
        text += character;
        i += length > 0 ? length : invalidLength(raw, i);
    }
    TokenIds ids;
    encodeTrusted(text, trust, ids);
    return ids;
}

void BpeTokenizer::encodeTrusted(std::string_view text, const Trust& trust, TokenIds& ids) const
{
    std::vector<AddedTokenSearch::Stretch> stretches;
    m_search.find(text, trust, stretches);
    for (const auto& [begin, end, token] : stretches) {
        if (token)
            ids.push_back(token->id);
        else
            encodeRest(text.substr(begin, end - begin), trust.part(begin, end), begin == 0, ids);
    }
}

void BpeTokenizer::encodeRest(std::string_view text, const Trust& trust, bool first, TokenIds& ids) const
{
    NormalizedText normalized;
    const Trust* trusted = &trust;
    Trust moved;
    if (!m_normalizer.empty()) {
        normalized = {std::string(text), m_hasNormalizedAdded ? trust.bytes : std::vector<bool>(), true};
        normalize(m_normalizer, normalized);
        text = normalized.text;
        first = first && normalized.beginKept;
        moved = {trust.everywhere, std::move(normalized.trusted)};
        trusted = &moved;
    }
    if (!m_hasNormalizedAdded)
        return encodeText(text, first, ids);
    std::vector<AddedTokenSearch::Stretch> stretches;
    m_normalizedSearch.find(text, *trusted, stretches);
    for (const auto& [begin, end, token] : stretches) {
        if (token)
            ids.push_back(token->id);
        else
            encodeText(text.substr(begin, end - begin), first && begin == 0, ids);
    }
}

void BpeTokenizer::encodeText(std::string_view text, bool first, TokenIds& ids) const
{
    if (text.empty())
        return;
    static thread_local PieceMaker maker;
    for (const Piece& piece : maker.run(m_preTokenizer, {text, first}, m_bytePieces)) {
        if (m_bytePieces)
            m_model.encodeBytes(piece.text, ids);
        else
            m_model.encode(piece.text, ids);
    }
}

std::string BpeTokenizer::decode(const TokenIds& ids, SpecialTokens special) const
{
    std::vector<std::string> tokens;
    tokens.reserve(ids.size());
    for (const TokenId given : ids) {
        const auto id = std::size_t(given);
        if (given < 0 || id >= m_texts.size() || (m_texts[id].empty() && m_decoded[id].empty())
            || (special == SpecialTokens::Skip && m_skipped[id]))
            continue;
        tokens.push_back(m_decoded[id].empty() ? m_texts[id] : m_decoded[id]);
    }
    if (m_decoder)
        return decodeTokens(*m_decoder, std::move(tokens));
    std::string text;
    for (const std::string& token : tokens)
        text += (&token == &tokens.front() ? "" : " ") + token;
    return text;
}

std::optional<TokenId> BpeTokenizer::idOf(std::string_view token) const
{
    if (const auto added = m_addedIds.find(token); added != m_addedIds.end())
        return added->second;
    const auto found = m_model.vocabulary().find(std::string(token));
    return found == m_model.vocabulary().end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> BpeTokenizer::tokenOf(TokenId id) const
{
    if (id < 0 || std::size_t(id) >= m_texts.size() || m_texts[std::size_t(id)].empty())
        return std::nullopt;
    return m_texts[std::size_t(id)];
}

} // namespace mpo
