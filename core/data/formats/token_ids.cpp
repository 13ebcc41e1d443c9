// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/token_ids.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r)
{
    return r.contains("prompt_ids") && r.contains("chosen_ids") && r.contains("rejected_ids");
}

Parsed parse(const Json& r)
{
    PreferencePair pair;
    for (const auto& [key, into] : {std::pair {"prompt_ids", &pair.promptIds}, {"chosen_ids", &pair.chosenIds},
             {"rejected_ids", &pair.rejectedIds}}) {
        if (!r.contains(key))
            continue;
        if (!r[key].is_array())
            return std::string("field \"") + key + "\" is not a list";
        for (const Json& id : r[key]) {
            if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > 100'000'000)
                return std::string("field \"") + key + "\" holds something that is not a token id";
            into->push_back(id.get<TokenId>());
        }
    }
    if (!pair.hasIds())
        return std::string("the row holds no token ids");
    return pair;
}

} // namespace

DatasetFormat tokenIdsFormat()
{
    return {"token-ids", "{\"prompt_ids\", \"chosen_ids\", \"rejected_ids\"}", DatasetKind::Pairs, matches, parse};
}

DatasetFormat promptIdsFormat()
{
    return {"prompt-ids", "{\"prompt_ids\"}", DatasetKind::Prompts,
        [](const Json& r) { return r.contains("prompt_ids"); }, parse};
}

} // namespace mpo
