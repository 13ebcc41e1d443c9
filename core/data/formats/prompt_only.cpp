// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/prompt_only.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r)
{
    // A record that also has a response is a pair or completion with something missing, not a prompt.
    for (const char* key : {"chosen", "rejected", "completion"})
        if (r.contains(key))
            return false;
    return r.contains("prompt") && (r["prompt"].is_string() || isMessageList(r["prompt"]));
}

Parsed parse(const Json& r)
{
    if (!r.contains("prompt"))
        return std::string("field \"prompt\" is missing");
    PreferencePair pair;
    if (r["prompt"].is_string()) {
        pair.prompt = r["prompt"].get<std::string>();
        return pair;
    }
    if (!isMessageList(r["prompt"]))
        return std::string("field \"prompt\" is neither text nor a list of messages");
    std::string problem;
    auto turns = promptTurns(r["prompt"], r["prompt"].size(), problem);
    if (!turns)
        return problem;
    setTurns(pair, std::move(*turns));
    return pair;
}

} // namespace

DatasetFormat promptOnlyFormat()
{
    return {"prompts", "{\"prompt\"}: prompts without responses", DatasetKind::Prompts, matches, parse};
}

} // namespace mpo
