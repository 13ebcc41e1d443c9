// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/prompt_completion.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r)
{
    // With a label (KTO) some completions are there to be avoided; training on all of them would be wrong.
    return r.contains("prompt") && r.contains("completion") && !(r.contains("label") && r["label"].is_boolean());
}

Parsed parse(const Json& r)
{
    PreferencePair pair;
    for (const auto& [key, into] : {std::pair {"prompt", &pair.prompt}, {"completion", &pair.chosen}}) {
        if (!r.contains(key) || !r[key].is_string())
            return std::string("field \"") + key + "\" is missing or not text";
        *into = r[key].get<std::string>();
    }
    return pair;
}

} // namespace

DatasetFormat promptCompletionFormat()
{
    return {"prompt-completion", "{\"prompt\", \"completion\"} as texts, for SFT", DatasetKind::Completions, matches,
        parse};
}

} // namespace mpo
