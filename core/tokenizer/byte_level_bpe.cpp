// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_level_bpe.h"

#include "core/support/error.h"

#include <algorithm>
#include <queue>

namespace mpo {

namespace {

constexpr std::size_t kCachedPieces = 200'000;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; ///< U+FFFD

void appendUtf8(std::string& out, char32_t c)
{
    if (c < 0x80) {
        out += char(c);
    } else if (c < 0x800) {
        out += char(0xC0 | (c >> 6));
        out += char(0x80 | (c & 0x3F));
    } else {
        out += char(0xE0 | (c >> 12));
        out += char(0x80 | ((c >> 6) & 0x3F));
        out += char(0x80 | (c & 0x3F));
    }
}

/// Length of the valid UTF-8 sequence at `at`; 0 where there is none.
std::size_t sequenceLength(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned lead = byte(at);
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return byte(at + i) >= low && byte(at + i) <= high;
    };
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF)
        return follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
    if (lead >= 0xF0 && lead <= 0xF4)
        return follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
    return 0;
}

std::string withReplacements(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequenceLength(text, i);
        if (length > 0)
            out += text.substr(i, length);
        else
            out += kReplacement;
        i += std::max<std::size_t>(1, length);
    }
    return out;
}

/// Unicode's White_Space.
constexpr std::string_view kSpaces[] {" ", "\n", "\t", "\r", "\v", "\f", "\u0085", "\u00A0", "\u1680", "\u2000",
    "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
    "\u2029", "\u202F", "\u205F", "\u3000"};

std::size_t lengthOfSpaceAtBegin(std::string_view text)
{
    for (const std::string_view space : kSpaces)
        if (text.starts_with(space))
            return space.size();
    return 0;
}

std::size_t lengthOfSpaceAtEnd(std::string_view text)
{
    for (const std::string_view space : kSpaces)
        if (text.ends_with(space))
            return space.size();
    return 0;
}

} // namespace

const std::array<std::string, 256>& byteAlphabet()
{
    static const std::array<std::string, 256> alphabet = [] {
        std::array<std::string, 256> letters;
        char32_t next = 256;
        for (int byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            appendUtf8(letters[std::size_t(byte)], printable ? char32_t(byte) : next++);
        }
        return letters;
    }();
    return alphabet;
}

ByteLevelBpe::ByteLevelBpe(BytePairParts parts)
    : m_parts(std::move(parts))
{
    const auto put = [&](const std::string& text, TokenId id) {
        if (id < 0 || id > 2'000'000)
            fail("tokenizer.json: the token \"{}\" has the impossible id {}", text, id);
        if (std::size_t(id) >= m_texts.size())
            m_texts.resize(std::size_t(id) + 1);
        m_texts[std::size_t(id)] = text;
    };
    for (const auto& [text, id] : m_parts.vocabulary)
        put(text, id);
    for (const AddedToken& token : m_parts.added) {
        put(token.text, token.id);
        m_addedById[token.id] = &token;
    }
    for (int byte = 0; byte < 256; ++byte) {
        const std::string& letter = byteAlphabet()[std::size_t(byte)];
        const auto found = m_parts.vocabulary.find(letter);
        m_byteIds[std::size_t(byte)] = found == m_parts.vocabulary.end() ? -1 : found->second;
        m_bytes[letter] = std::uint8_t(byte);
    }
    std::int32_t rank = 0;
    for (const auto& [left, right] : m_parts.merges) {
        const auto a = m_parts.vocabulary.find(left), b = m_parts.vocabulary.find(right),
                   both = m_parts.vocabulary.find(left + right);
        if (a == m_parts.vocabulary.end() || b == m_parts.vocabulary.end() || both == m_parts.vocabulary.end())
            fail("tokenizer.json: the merge \"{} {}\" names a token that is not in the vocabulary", left, right);
        m_merges.try_emplace(
            std::uint64_t(std::uint32_t(a->second)) << 32 | std::uint32_t(b->second), Merge {rank++, both->second});
    }
    // Longest first, so that the longest added token wins at a place.
    std::stable_sort(m_parts.added.begin(), m_parts.added.end(),
        [](const AddedToken& a, const AddedToken& b) { return a.text.size() > b.text.size(); });
    m_addedById.clear();
    for (const AddedToken& token : m_parts.added) {
        m_addedById[token.id] = &token;
        if (!token.text.empty())
            m_startsAdded[static_cast<unsigned char>(token.text.front())] = true;
    }
}

bool ByteLevelBpe::Trust::all(std::size_t begin, std::size_t end) const
{
    return bytes.empty() ? everywhere
                         : std::all_of(bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end),
                             [](bool trusted) { return trusted; });
}

bool ByteLevelBpe::Trust::any(std::size_t begin, std::size_t end) const
{
    return bytes.empty() ? everywhere
                         : std::any_of(bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end),
                             [](bool trusted) { return trusted; });
}

TokenIds ByteLevelBpe::encode(std::string_view raw, SpecialInText special) const
{
    TokenIds ids;
    const std::string text = withReplacements(raw);
    encodeAdded(text, 0, text.size(), {special == SpecialInText::Yes, {}}, AddedToken::Search::First, ids);
    return ids;
}

TokenIds ByteLevelBpe::encodeParts(std::span<const TextPart> parts) const
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
        const std::string_view character = length > 0 ? std::string_view(raw).substr(i, length) : kReplacement;
        for (std::size_t k = 0; k < character.size(); ++k)
            trust.bytes.push_back(trusted[length > 0 ? i + k : i]);
        text += character;
        i += std::max<std::size_t>(1, length);
    }
    TokenIds ids;
    encodeAdded(text, 0, text.size(), trust, AddedToken::Search::First, ids);
    return ids;
}

void ByteLevelBpe::encodeAdded(std::string_view text, std::size_t from, std::size_t to, const Trust& trust,
    AddedToken::Search search, TokenIds& ids) const
{
    const auto encodeRest = [&](std::size_t begin, std::size_t end) {
        if (search == AddedToken::Search::First)
            encodeAdded(text, begin, end, trust, AddedToken::Search::Second, ids);
        else
            encodeText(text.substr(begin, end - begin), ids);
    };
    text = text.substr(0, to);
    std::size_t at = from;
    while (at < to) {
        const AddedToken* found = nullptr;
        if (m_startsAdded[static_cast<unsigned char>(text[at])])
            for (const AddedToken& token : m_parts.added)
                if (token.search == search && !token.text.empty() && text.substr(at).starts_with(token.text)) {
                    found = &token;
                    break;
                }
        if (!found) {
            ++at;
            continue;
        }
        std::size_t begin = at;
        at += found->text.size();
        if (found->special && !trust.all(begin, at)) {
            // Stays text, also what may be another added token inside it; but what we wrote is still looked at.
            if (trust.any(begin, at))
                at = begin + 1;
            continue;
        }
        while (found->leftStrip && begin > from) {
            const std::size_t length = lengthOfSpaceAtEnd(text.substr(from, begin - from));
            if (length == 0)
                break;
            begin -= length;
        }
        while (found->rightStrip && at < to) {
            const std::size_t length = lengthOfSpaceAtBegin(text.substr(at));
            if (length == 0)
                break;
            at += length;
        }
        encodeRest(from, begin);
        ids.push_back(found->id);
        from = at;
    }
    encodeRest(from, to);
}

TokenIds ByteLevelBpe::encodeWithTemplate(std::string_view text, SpecialInText special) const
{
    TokenIds ids = m_parts.before;
    const TokenIds inner = encode(text, special);
    ids.insert(ids.end(), inner.begin(), inner.end());
    ids.insert(ids.end(), m_parts.after.begin(), m_parts.after.end());
    return ids;
}

void ByteLevelBpe::encodeText(std::string_view text, TokenIds& ids) const
{
    if (text.empty())
        return;
    std::string prefixed;
    if (m_parts.addPrefixSpace && text.front() != ' ') {
        prefixed = " " + std::string(text);
        text = prefixed;
    }
    std::vector<std::string_view> pieces {text};
    for (const SplitStep& step : m_parts.steps)
        pieces = applyStep(step, pieces);
    for (const std::string_view piece : pieces)
        encodePiece(piece, ids);
}

void ByteLevelBpe::encodePiece(std::string_view piece, TokenIds& ids) const
{
    const std::string key(piece);
    {
        const std::shared_lock lock(m_mutex);
        if (const auto found = m_cache.find(key); found != m_cache.end()) {
            ids.insert(ids.end(), found->second.begin(), found->second.end());
            return;
        }
    }
    const TokenIds merged = mergePiece(key);
    ids.insert(ids.end(), merged.begin(), merged.end());
    if (key.size() <= 64) {
        const std::unique_lock lock(m_mutex);
        if (m_cache.size() < kCachedPieces)
            m_cache.emplace(key, merged);
    }
}

TokenIds ByteLevelBpe::mergePiece(const std::string& bytes) const
{
    if (m_parts.ignoreMerges) {
        std::string letters;
        for (const char byte : bytes)
            letters += byteAlphabet()[std::size_t(static_cast<unsigned char>(byte))];
        if (const auto whole = m_parts.vocabulary.find(letters); whole != m_parts.vocabulary.end())
            return {whole->second};
    }
    // A linked list of symbols and a heap of possible merges: O(n log n), also for one very long piece.
    struct Symbol
    {
        TokenId id;
        int previous, next; ///< -1: none; id -1: merged away
    };
    std::vector<Symbol> symbols;
    for (const char byte : bytes)
        if (const TokenId id = m_byteIds[std::size_t(static_cast<unsigned char>(byte))];
            id >= 0) // without such a token: left out
            symbols.push_back({id, int(symbols.size()) - 1, int(symbols.size()) + 1});
    if (symbols.empty())
        return {};
    symbols.back().next = -1;

    struct Candidate
    {
        std::int32_t rank;
        int left;
        TokenId leftId, rightId, result;
        bool operator>(const Candidate& other) const
        {
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap;
    const auto offer = [&](int left) {
        if (left < 0 || symbols[std::size_t(left)].next < 0)
            return;
        const TokenId a = symbols[std::size_t(left)].id, b = symbols[std::size_t(symbols[std::size_t(left)].next)].id;
        if (const auto found = m_merges.find(std::uint64_t(std::uint32_t(a)) << 32 | std::uint32_t(b));
            found != m_merges.end())
            heap.push({found->second.rank, left, a, b, found->second.result});
    };
    for (int i = 0; i < int(symbols.size()); ++i)
        offer(i);
    while (!heap.empty()) {
        const Candidate best = heap.top();
        heap.pop();
        Symbol& left = symbols[std::size_t(best.left)];
        if (left.id != best.leftId || left.next < 0 || symbols[std::size_t(left.next)].id != best.rightId)
            continue; // one of the two was merged meanwhile
        Symbol& right = symbols[std::size_t(left.next)];
        left.id = best.result;
        right.id = -1;
        left.next = right.next;
        if (left.next >= 0)
            symbols[std::size_t(left.next)].previous = best.left;
        offer(left.previous);
        offer(best.left);
    }
    TokenIds ids;
    for (int i = 0; i >= 0; i = symbols[std::size_t(i)].next)
        ids.push_back(symbols[std::size_t(i)].id);
    return ids;
}

std::string ByteLevelBpe::decode(const TokenIds& ids, SpecialTokens special) const
{
    std::string out, bytes;
    const auto flush = [&] {
        out += withReplacements(bytes);
        bytes.clear();
    };
    for (const TokenId id : ids) {
        if (id < 0 || std::size_t(id) >= m_texts.size())
            continue;
        if (const auto added = m_addedById.find(id); added != m_addedById.end()) {
            flush();
            if (special == SpecialTokens::Keep || !added->second->special)
                out += added->second->text;
            continue;
        }
        const std::string& text = m_texts[std::size_t(id)];
        for (std::size_t i = 0; i < text.size();) {
            const std::size_t length = std::max<std::size_t>(1, sequenceLength(text, i));
            const std::string letter = text.substr(i, length);
            if (const auto byte = m_bytes.find(letter); byte != m_bytes.end())
                bytes += char(byte->second);
            else
                bytes += letter;
            i += length;
        }
    }
    flush();
    return out;
}

std::optional<TokenId> ByteLevelBpe::idOf(std::string_view token) const
{
    for (const AddedToken& added : m_parts.added)
        if (added.text == token)
            return added.id;
    const auto found = m_parts.vocabulary.find(std::string(token));
    return found == m_parts.vocabulary.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> ByteLevelBpe::tokenOf(TokenId id) const
{
    if (id < 0 || std::size_t(id) >= m_texts.size() || m_texts[std::size_t(id)].empty())
        return std::nullopt;
    return m_texts[std::size_t(id)];
}

} // namespace mpo
