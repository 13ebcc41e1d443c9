// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/dialogue_completion.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

bool isUnlabelled(const Json& r)
{
    return !isLabel(r, "label") && !isLabel(r, "kto_tag") && !r.contains("chosen") && !r.contains("rejected");
}

Parsed parseList(const Json& r, const char* key)
{
    if (!r.contains(key) || !isMessageList(r[key]))
        return std::string("field \"") + key + "\" is not a list of messages";
    Fields in(r);
    const std::string system = in.textOrNothing("system");
    const Json& messages = r[key];
    Parsed parsed;
    for (std::size_t i = 1; i < messages.size(); ++i) {
        const std::string_view role = roleOf(messages[i]);
        if (role != "assistant" || roleOf(messages[i - 1]) == "assistant")
            continue;
        PreferencePair pair;
        auto turns = promptTurns(messages, i, parsed.problem);
        auto text = messageText(messages[i]);
        if (!turns || !text)
            return turns ? "message " + std::to_string(i + 1) + " has no text" : parsed.problem;
        if (!system.empty())
            turns->insert(turns->begin(), {"system", system});
        setTurns(pair, std::move(*turns));
        pair.chosen = std::move(*text);
        parsed.pairs.push_back(std::move(pair));
    }
    return parsed.pairs.empty() ? Parsed(std::string("no message of an assistant follows one of a user")) : parsed;
}

} // namespace

DatasetFormat dialogueCompletionFormat()
{
    return {"dialogues", "{\"messages\"}: whole dialogues, for SFT", DatasetKind::Completions, {"messages"},
        {{"prompt", "the messages before each reply"}, {"response", "each reply of the assistant"}}, isUnlabelled,
        [](const Json& r) { return parseList(r, "messages"); }, true};
}

DatasetFormat conversationCompletionFormat()
{
    return {"conversations", "{\"conversations\"}: whole dialogues, for SFT", DatasetKind::Completions,
        {"conversations"}, {{"prompt", "the messages before each reply"}, {"response", "each reply of the assistant"}},
        isUnlabelled, [](const Json& r) { return parseList(r, "conversations"); }};
}

} // namespace mpo
