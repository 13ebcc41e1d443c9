// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include <bit>

namespace mpo {

void DatasetDigest::add(std::string_view bytes)
{
    m_hash.add(std::to_string(bytes.size()) + ":");
    m_hash.add(bytes);
}

void DatasetDigest::add(const PreferencePair& pair)
{
    for (const std::string* text : {&pair.prompt, &pair.chosen, &pair.rejected})
        add(std::string_view(*text));
    for (const TokenIds* ids : {&pair.promptIds, &pair.chosenIds, &pair.rejectedIds})
        add({reinterpret_cast<const char*>(ids->data()), ids->size() * sizeof(TokenId)});
    // Only where they are given, so that digests of older data sets stay what they were.
    for (const ChatMessage& turn : pair.turns) {
        add("turn:" + turn.role);
        add(std::string_view(turn.content));
    }
    if (pair.confidence)
        add("confidence:" + std::to_string(std::bit_cast<std::uint64_t>(*pair.confidence)));
    if (pair.margin)
        add("margin:" + std::to_string(std::bit_cast<std::uint64_t>(*pair.margin)));
}

std::string Dataset::digest() const
{
    DatasetDigest digest;
    for (const PreferencePair& pair : pairs)
        digest.add(pair);
    return digest.hex();
}

} // namespace mpo
