// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include "core/support/utf8.h"
#include "core/tokenizer/unicode_tables.h"

#include <algorithm>

namespace mpo {

namespace {

/// A character of \w as Rust's regular expressions see it.
bool isWord(std::string_view character)
{
    static const Pattern pattern = Pattern::regex(R"([\p{L}\p{M}\p{Nd}\p{Pc})" + std::string(kRustWordAdditions) + "]");
    std::vector<Pattern::Part> parts;
    pattern.split(character, parts);
    return parts.front().match;
}

bool beginsWithWord(std::string_view text) { return !text.empty() && isWord(text.substr(0, lengthFromLead(text[0]))); }

bool endsWithWord(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0) == 0x80) { }
    return !text.empty() && isWord(text.substr(at));
}

} // namespace

bool Trust::all(std::size_t begin, std::size_t end) const
{
    const auto from = bytes.begin();
    return bytes.empty()
        ? everywhere
        : std::find(from + std::ptrdiff_t(begin), from + std::ptrdiff_t(end), false) == from + std::ptrdiff_t(end);
}

bool Trust::any(std::size_t begin, std::size_t end) const
{
    const auto from = bytes.begin();
    return bytes.empty()
        ? everywhere
        : std::find(from + std::ptrdiff_t(begin), from + std::ptrdiff_t(end), true) != from + std::ptrdiff_t(end);
}

Trust Trust::part(std::size_t begin, std::size_t end) const
{
    if (bytes.empty() || all(begin, end))
        return {bytes.empty() ? everywhere : true, {}};
    if (!any(begin, end))
        return {};
    return {false, {bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end)}};
}

void AddedTokenSearch::add(std::string_view text, const AddedToken& token)
{
    if (text.empty())
        return;
    std::uint32_t node = 0;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const auto& next = m_nodes[node].next;
        const auto found = std::find_if(next.begin(), next.end(), [&](const auto& edge) { return edge.first == byte; });
        if (found != next.end()) {
            node = found->second;
            continue;
        }
        const auto made = std::uint32_t(m_nodes.size());
        m_nodes[node].next.emplace_back(byte, made);
        if (node == 0)
            m_first[byte] = made;
        m_nodes.emplace_back();
        node = made;
    }
    m_nodes[node].token = &token;
}

const AddedToken* AddedTokenSearch::longestAt(std::string_view text, std::size_t at, std::size_t& length) const
{
    const AddedToken* longest = nullptr;
    std::uint32_t node = m_first[static_cast<unsigned char>(text[at])];
    for (std::size_t end = at + 1; node != 0; ++end) {
        if (m_nodes[node].token) {
            longest = m_nodes[node].token;
            length = end - at;
        }
        if (end >= text.size())
            break;
        const auto& next = m_nodes[node].next;
        const auto found = std::find_if(next.begin(), next.end(),
            [&](const auto& edge) { return edge.first == static_cast<unsigned char>(text[end]); });
        node = found == next.end() ? 0 : found->second;
    }
    return longest;
}

void AddedTokenSearch::find(std::string_view text, const Trust& trust, std::vector<Stretch>& stretches) const
{
    std::size_t from = 0, at = 0;
    while (at < text.size()) {
        std::size_t length = 0;
        const AddedToken* token = m_first[static_cast<unsigned char>(text[at])] ? longestAt(text, at, length) : nullptr;
        if (!token) {
            ++at;
            continue;
        }
        std::size_t begin = at, end = at + length;
        at = end;
        if (token->special && !trust.all(begin, end)) {
            // Stays text, also what may be another added token inside it; but what we wrote is still looked at.
            if (trust.any(begin, end))
                at = begin + 1;
            continue;
        }
        if (token->singleWord && (endsWithWord(text.substr(0, begin)) || beginsWithWord(text.substr(end))))
            continue;
        if (token->leftStrip) {
            std::size_t space = begin;
            while (const std::size_t bytes = spaceAtEnd(text.substr(0, space)))
                space -= bytes;
            begin = std::max(space, from);
        }
        while (token->rightStrip) {
            const std::size_t bytes = spaceAtBegin(text.substr(end));
            if (bytes == 0)
                break;
            end += bytes;
        }
        if (from < begin)
            stretches.push_back({from, begin, nullptr});
        stretches.push_back({begin, end, token});
        from = end; // the search itself goes on behind the token, inside what it stripped
    }
    if (from < text.size())
        stretches.push_back({from, text.size(), nullptr});
}

} // namespace mpo
