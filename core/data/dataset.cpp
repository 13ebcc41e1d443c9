// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include "core/support/file.h"

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
    }
    return hash.hex();
}

} // namespace mpo
