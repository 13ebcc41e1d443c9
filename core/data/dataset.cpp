// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include "core/support/file.h"

#include <bit>

namespace mpo {

std::string Dataset::digest() const
{
    Sha256 hash;
    const auto add = [&](std::string_view bytes) {
        hash.add(std::to_string(bytes.size()) + ":");
        hash.add(bytes);
    };
    for (const PreferencePair& pair : pairs) {
        for (const std::string* text : {&pair.prompt, &pair.chosen, &pair.rejected})
            add(*text);
        for (const TokenIds* ids : {&pair.promptIds, &pair.chosenIds, &pair.rejectedIds})
            add({reinterpret_cast<const char*>(ids->data()), ids->size() * sizeof(TokenId)});
        // Only where they are given, so that digests of older data sets stay what they were.
        for (const ChatMessage& turn : pair.turns) {
            add("turn:" + turn.role);
            add(turn.content);
        }
        if (pair.confidence)
            add("confidence:" + std::to_string(std::bit_cast<std::uint64_t>(*pair.confidence)));
        if (pair.margin)
            add("margin:" + std::to_string(std::bit_cast<std::uint64_t>(*pair.margin)));
    }
    return hash.hex();
}

} // namespace mpo
