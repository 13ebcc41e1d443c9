// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/prompt_chosen_rejected.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r)
{
    return r.contains("prompt") && r.contains("chosen") && r.contains("rejected") && r["prompt"].is_string();
}

Parsed parse(const Json& r)
{
    PreferencePair pair;
    for (const auto& [key, into] :
        {std::pair {"prompt", &pair.prompt}, {"chosen", &pair.chosen}, {"rejected", &pair.rejected}}) {
        if (!r.contains(key))
            return std::string("field \"") + key + "\" is missing";
        if (!r[key].is_string())
            return std::string("field \"") + key + "\" is not text";
        *into = r[key].get<std::string>();
    }
    return pair;
}

} // namespace

DatasetFormat promptChosenRejectedFormat()
{
    return {"prompt-chosen-rejected", "{\"prompt\", \"chosen\", \"rejected\"} as texts", DatasetKind::Pairs, matches,
        parse};
}

} // namespace mpo
