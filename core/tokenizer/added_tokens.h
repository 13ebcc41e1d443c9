// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/tokenizer/pattern.h"

#include <array>
#include <cstdint>

namespace mpo {

/// A token that is looked for in the text before words are made ("added_tokens" of tokenizer.json).
struct AddedToken
{
    std::string text;
    TokenId id = 0;
    bool special = false; ///< users may not write it, decoding may leave it out
    bool leftStrip = false, rightStrip = false; ///< takes the white space beside it along
    bool normalized = false; ///< its normalised form is looked for in the normalised text
    bool singleWord = false; ///< not inside a word
};

/// Which bytes of a text may be part of a special token.
struct Trust
{
    bool everywhere = false;
    std::vector<bool> bytes; ///< empty: as `everywhere` says

    bool all(std::size_t begin, std::size_t end) const;
    bool any(std::size_t begin, std::size_t end) const;
    /// Of a stretch of the text.
    Trust part(std::size_t begin, std::size_t end) const;
};

/// Finds one set of added tokens in texts: leftmost first, there the longest.
class AddedTokenSearch
{
public:
    /// The token's text and what it stands for.
    void add(std::string_view text, const AddedToken& token);

    struct Stretch
    {
        std::size_t begin = 0, end = 0;
        const AddedToken* token = nullptr; ///< none: text between tokens
    };
    /// The text in order. A stretch may overlap the one before where one token strips white space that is another one.
    /// Special tokens are found only where `trust` allows it.
    void find(std::string_view text, const Trust& trust, std::vector<Stretch>& stretches) const;

private:
    struct Node
    {
        std::vector<std::pair<unsigned char, std::uint32_t>> next; ///< byte -> node
        const AddedToken* token = nullptr; ///< that ends here
    };
    const AddedToken* longestAt(std::string_view text, std::size_t at, std::size_t& length) const;

    std::vector<Node> m_nodes {1};
    std::array<std::uint32_t, 256> m_first {}; ///< node of the first byte; 0: none begins so
};

} // namespace mpo
