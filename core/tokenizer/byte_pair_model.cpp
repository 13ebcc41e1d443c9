// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_pair_model.h"

#include "core/support/error.h"
#include "core/support/utf8.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/word_cache.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <queue>
#include <tuple>

namespace mpo {

namespace {

constexpr std::string_view kMetaspace = "\xE2\x96\x81"; ///< U+2581
constexpr std::size_t kMaxScoredBytes = 1024; ///< all its splits are tried; SentencePiece makes up to 16 characters
constexpr std::size_t kFewSymbols = 32; ///< up to here looking through all pairs is faster than a heap

std::atomic<std::uint64_t> nextInstance {1};

TokenId idIn(const Vocabulary& vocabulary, const std::string& text)
{
    const auto found = vocabulary.find(text);
    return found == vocabulary.end() ? -1 : found->second;
}

/// Whether U+2581 stands in the text behind another character.
bool hasInnerMetaspace(std::string_view text)
{
    for (std::size_t at = text.find(kMetaspace, 1); at != text.npos; at = text.find(kMetaspace, at + 1))
        if (!text.substr(0, at).ends_with(kMetaspace))
            return true;
    return false;
}

} // namespace

std::vector<std::pair<std::string, std::string>> mergesFromScores(
    const std::vector<std::string>& tokens, const std::vector<std::optional<float>>& scores)
{
    std::unordered_map<std::string_view, std::size_t> scored;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        if (scores.at(id) && tokens[id].size() > kMaxScoredBytes)
            fail("the token with the id {} is longer than {} bytes", id, kMaxScoredBytes);
        if (scores.at(id))
            scored.emplace(tokens[id], id);
    }
    struct Candidate
    {
        float score;
        std::size_t id;
        std::string_view left, right;
    };
    std::vector<Candidate> candidates;
    for (const auto& [text, id] : scored)
        for (std::size_t i = lengthFromLead(text.empty() ? 'a' : text[0]); i < text.size();
             i += lengthFromLead(text[i]))
            if (scored.contains(text.substr(0, i)) && scored.contains(text.substr(i)))
                candidates.push_back({*scores[id], id, text.substr(0, i), text.substr(i)});
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(b.score, a.id, a.left, a.right) < std::tie(a.score, b.id, b.left, b.right);
    });
    std::vector<std::pair<std::string, std::string>> merges;
    merges.reserve(candidates.size());
    for (const Candidate& candidate : candidates)
        merges.emplace_back(candidate.left, candidate.right);
    return merges;
}

void BytePairModel::Merges::reserve(std::size_t count)
{
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(16, 2 * count));
    m_entries.assign(size, {});
    m_shift = 64 - std::countr_zero(size);
}

std::size_t BytePairModel::Merges::place(std::uint64_t pair) const
{
    std::size_t at = std::size_t((pair * 0x9E3779B97F4A7C15u) >> m_shift);
    while (m_entries[at].pair != pair && m_entries[at].pair != kNone)
        at = (at + 1) & (m_entries.size() - 1);
    return at;
}

void BytePairModel::Merges::put(TokenId left, TokenId right, std::int32_t rank, TokenId result)
{
    const std::uint64_t pair = std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
    m_entries[place(pair)] = {pair, rank, result};
}

const BytePairModel::Merges::Entry* BytePairModel::Merges::find(TokenId left, TokenId right) const
{
    const Entry& entry = m_entries[place(std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right))];
    return entry.pair == kNone ? nullptr : &entry;
}

BytePairModel::BytePairModel(BytePairParts parts)
    : m_parts(std::move(parts))
    , m_instance(nextInstance.fetch_add(2)) // one for characters and one for bytes
{
    const Vocabulary& vocabulary = m_parts.vocabulary;
    m_hasAllBytes = true;
    for (int byte = 0; byte < 256; ++byte) {
        m_byteIds[std::size_t(byte)] = idIn(vocabulary, byteAlphabet()[std::size_t(byte)]);
        m_fallbackIds[std::size_t(byte)]
            = m_parts.byteFallback ? idIn(vocabulary, fmt::format("<0x{:02X}>", byte)) : -1;
        m_hasAllBytes = m_hasAllBytes && m_byteIds[std::size_t(byte)] >= 0;
    }
    m_asciiIds.fill(-1);
    for (const auto& [text, id] : vocabulary) {
        if (!isValidUtf8(text))
            fail("the token with the id {} is not valid UTF-8", id);
        if (text.empty() || text.size() != lengthFromLead(text[0]))
            continue;
        if (text.size() == 1)
            m_asciiIds[std::size_t(text[0])] = id;
        else
            m_characterIds[codePointAt(text, 0)] = id;
    }
    if (m_parts.ignoreMerges)
        for (const auto& [text, id] : vocabulary)
            if (auto bytes = fromByteAlphabet(text))
                m_wholeBytes.emplace(std::move(*bytes), id);

    m_cutsAtSpaces = !m_parts.ignoreMerges && idOfCharacter(kMetaspace) >= 0;
    m_merges.reserve(m_parts.merges.size());
    std::int32_t rank = 0;
    for (const auto& [left, right] : m_parts.merges) {
        const std::string both = left + right;
        const TokenId a = idIn(vocabulary, left), b = idIn(vocabulary, right), result = idIn(vocabulary, both);
        if (a < 0 || b < 0 || result < 0)
            fail("the merge \"{}\" names a token that is not in the vocabulary", inSentence(left + " " + right));
        m_merges.put(a, b, rank++, result);
        m_cutsAtSpaces = m_cutsAtSpaces && !hasInnerMetaspace(both);
    }
    m_parts.merges = {}; // not needed any more
}

TokenId BytePairModel::idOfCharacter(std::string_view character) const
{
    if (character.size() == 1)
        return m_asciiIds[std::size_t(character[0])];
    const auto found = m_characterIds.find(codePointAt(character, 0));
    return found == m_characterIds.end() ? -1 : found->second;
}

void BytePairModel::encode(std::string_view piece, TokenIds& ids) const
{
    if (m_parts.ignoreMerges)
        if (const auto whole = m_parts.vocabulary.find(std::string(piece)); whole != m_parts.vocabulary.end()) {
            ids.push_back(whole->second);
            return;
        }
    if (!m_cutsAtSpaces) {
        cacheOrMerge(piece, false, ids);
        return;
    }
    for (std::size_t begin = 0; begin < piece.size();) {
        std::size_t end = begin; // behind the run of spaces and the word
        while (piece.substr(end).starts_with(kMetaspace))
            end += kMetaspace.size();
        end = std::min(piece.find(kMetaspace, end), piece.size());
        cacheOrMerge(piece.substr(begin, end - begin), false, ids);
        begin = end;
    }
}

void BytePairModel::encodeBytes(std::string_view piece, TokenIds& ids) const
{
    if (m_parts.ignoreMerges)
        if (const auto whole = m_wholeBytes.find(std::string(piece)); whole != m_wholeBytes.end()) {
            ids.push_back(whole->second);
            return;
        }
    cacheOrMerge(piece, true, ids);
}

void BytePairModel::cacheOrMerge(std::string_view piece, bool bytes, TokenIds& ids) const
{
    WordCache& cache = WordCache::ofThisThread();
    const std::uint64_t instance = m_instance + bytes;
    if (cache.find(instance, piece, ids))
        return;
    static thread_local TokenIds symbols;
    symbols.clear();
    symbolsOf(piece, bytes, symbols);
    if (symbols.size() <= kFewSymbols)
        merge(symbols);
    else
        mergeMany(symbols);
    cache.put(instance, piece, symbols.data(), symbols.size());
    ids.insert(ids.end(), symbols.begin(), symbols.end());
}

void BytePairModel::symbolsOf(std::string_view piece, bool bytes, TokenIds& symbols) const
{
    if (bytes) {
        for (const char byte : piece)
            symbols.push_back(m_byteIds[static_cast<unsigned char>(byte)]);
        return;
    }
    // An unknown token waits until a known character follows, behind bytes that come between (as the package has it).
    bool waits = false;
    const auto unknown = [&] {
        const TokenId id = idIn(m_parts.vocabulary, *m_parts.unknown);
        if (id < 0)
            fail("the tokenizer's unknown token \"{}\" is needed but not in its vocabulary",
                inSentence(*m_parts.unknown));
        return id;
    };
    for (std::size_t i = 0; i < piece.size();) {
        const std::string_view character = piece.substr(i, lengthFromLead(piece[i]));
        i += character.size();
        if (const TokenId id = idOfCharacter(character); id >= 0) {
            if (waits)
                symbols.push_back(unknown());
            waits = false;
            symbols.push_back(id);
            continue;
        }
        const auto idOfByte = [&](char byte) { return m_fallbackIds[static_cast<unsigned char>(byte)]; };
        if (std::all_of(character.begin(), character.end(), [&](char byte) { return idOfByte(byte) >= 0; })) {
            for (const char byte : character)
                symbols.push_back(idOfByte(byte));
        } else if (m_parts.unknown) {
            if (waits && !m_parts.fuseUnknown)
                symbols.push_back(unknown());
            waits = true;
        }
    }
    if (waits)
        symbols.push_back(unknown());
}

void BytePairModel::merge(TokenIds& symbols) const
{
    constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();
    std::array<std::int32_t, kFewSymbols> ranks {}; ///< of each symbol with the next
    std::array<TokenId, kFewSymbols> results {};
    std::size_t count = symbols.size();
    const auto look = [&](std::size_t i) {
        const Merges::Entry* found = i + 1 < count ? m_merges.find(symbols[i], symbols[i + 1]) : nullptr;
        ranks[i] = found ? found->rank : none;
        results[i] = found ? found->result : 0;
    };
    for (std::size_t i = 0; i < count; ++i)
        look(i);
    while (count > 1) {
        const auto best = std::size_t(std::min_element(ranks.begin(), ranks.begin() + count) - ranks.begin());
        if (ranks[best] == none)
            break;
        symbols[best] = results[best];
        for (std::size_t i = best + 1; i + 1 < count; ++i) {
            symbols[i] = symbols[i + 1];
            ranks[i] = ranks[i + 1];
            results[i] = results[i + 1];
        }
        --count;
        look(best);
        if (best > 0)
            look(best - 1);
    }
    symbols.resize(count);
}

void BytePairModel::mergeMany(TokenIds& symbols) const
{
    // A linked list of symbols and a heap of possible merges.
    struct Symbol
    {
        TokenId id;
        int previous, next; ///< -1: none
        bool gone;
    };
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
    const int count = int(symbols.size());
    std::vector<Symbol> list;
    list.reserve(symbols.size());
    for (int i = 0; i < count; ++i)
        list.push_back({symbols[std::size_t(i)], i - 1, i + 1 < count ? i + 1 : -1, false});
    std::vector<Candidate> first;
    first.reserve(symbols.size());
    for (int i = 0; i + 1 < count; ++i)
        if (const auto* found = m_merges.find(list[std::size_t(i)].id, list[std::size_t(i) + 1].id))
            first.push_back({found->rank, i, list[std::size_t(i)].id, list[std::size_t(i) + 1].id, found->result});
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap(std::greater<>(), std::move(first));
    const auto offer = [&](int left) {
        if (left < 0 || list[std::size_t(left)].next < 0)
            return;
        const TokenId a = list[std::size_t(left)].id, b = list[std::size_t(list[std::size_t(left)].next)].id;
        if (const auto* found = m_merges.find(a, b))
            heap.push({found->rank, left, a, b, found->result});
    };
    while (!heap.empty()) {
        const Candidate best = heap.top();
        heap.pop();
        Symbol& left = list[std::size_t(best.left)];
        if (left.gone || left.id != best.leftId || left.next < 0 || list[std::size_t(left.next)].id != best.rightId)
            continue; // one of the two was merged meanwhile
        Symbol& right = list[std::size_t(left.next)];
        left.id = best.result;
        right.gone = true;
        left.next = right.next;
        if (left.next >= 0)
            list[std::size_t(left.next)].previous = best.left;
        offer(left.previous);
        offer(best.left);
    }
    symbols.clear();
    for (int i = 0; i >= 0; i = list[std::size_t(i)].next)
        symbols.push_back(list[std::size_t(i)].id);
}

} // namespace mpo
