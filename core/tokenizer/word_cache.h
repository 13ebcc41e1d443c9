// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

namespace mpo {

/// Remembers the tokens of short words: each word has one place, where a later word of the same place takes over. Of
/// fixed size; one for each thread, shared by all models.
class WordCache
{
public:
    static WordCache& ofThisThread()
    {
        static thread_local WordCache cache;
        return cache;
    }

    /// Appends the tokens of the word, if they are known. `model`: which model and kind of piece, never 0.
    bool find(std::uint64_t model, std::string_view word, TokenIds& ids)
    {
        if (word.size() > kMaxBytes)
            return false;
        const Word& known = place(model, word);
        if (known.model != model || known.bytes != word.size()
            || std::memcmp(known.text.data(), word.data(), word.size()) != 0)
            return false;
        ids.insert(ids.end(), known.ids.begin(), known.ids.begin() + known.count);
        return true;
    }

    void put(std::uint64_t model, std::string_view word, const TokenId* ids, std::size_t count)
    {
        if (word.size() > kMaxBytes || count > kMaxIds)
            return;
        Word& known = place(model, word);
        known.model = model;
        known.bytes = static_cast<unsigned char>(word.size());
        known.count = static_cast<unsigned char>(count);
        std::memcpy(known.text.data(), word.data(), word.size());
        std::copy_n(ids, count, known.ids.begin());
    }

private:
    static constexpr std::size_t kWords = std::size_t(1) << 16, kMaxBytes = 38, kMaxIds = 12;
    struct Word
    {
        std::uint64_t model = 0;
        unsigned char bytes = 0, count = 0;
        std::array<char, kMaxBytes> text;
        std::array<TokenId, kMaxIds> ids;
    };
    static_assert(sizeof(Word) == 96); // the whole cache: 6 MiB

    Word& place(std::uint64_t model, std::string_view word)
    {
        return m_words[(std::hash<std::string_view>()(word) + model * 0x9E3779B9u) % kWords];
    }

    std::unique_ptr<Word[]> m_words = std::make_unique<Word[]>(kWords);
};

} // namespace mpo
