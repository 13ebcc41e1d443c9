// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/prompt_only.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

bool fits(const Json& r)
{
    // A record that also has a response is a pair or completion with something missing, not a prompt.
    for (const char* key : {"chosen", "rejected", "completion", "text"})
        if (r.contains(key))
            return false;
    return r["prompt"].is_string() || isMessageList(r["prompt"]);
}

Parsed parse(const Json& r)
{
    Fields in(r);
    const Json& prompt = in.value("prompt");
    PreferencePair pair;
    if (prompt.is_string())
        pair.prompt = prompt.get<std::string>();
    else if (!isMessageList(prompt))
        in.fail("field \"prompt\" is neither text nor a list of messages");
    if (!in.problem().empty() || prompt.is_string())
        return in.problem().empty() ? Parsed(std::move(pair)) : Parsed(in.problem());
    std::string problem;
    auto turns = promptTurns(prompt, prompt.size(), problem);
    if (!turns)
        return problem;
    setTurns(pair, std::move(*turns));
    return pair;
}

} // namespace

DatasetFormat promptOnlyFormat()
{
    return {"prompts", "{\"prompt\"}: prompts without responses", DatasetKind::Prompts, {"prompt"},
        {{"prompt", "prompt"}}, fits, parse, true};
}

} // namespace mpo
