// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/messages.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r)
{
    return r.contains("chosen") && r.contains("rejected") && isMessageList(r["chosen"]) && isMessageList(r["rejected"]);
}

Parsed parse(const Json& r)
{
    for (const char* key : {"chosen", "rejected"})
        if (!r.contains(key) || !isMessageList(r[key]))
            return std::string("field \"") + key + "\" is not a list of messages";
    const Json &chosen = r["chosen"], &rejected = r["rejected"];
    Json prompt = r.contains("prompt") && isMessageList(r["prompt"]) ? r["prompt"] : Json::array();
    std::size_t common = 0;
    if (prompt.empty())
        while (common + 1 < chosen.size() && common + 1 < rejected.size() && chosen[common] == rejected[common])
            prompt.push_back(chosen[common++]);
    if (prompt.empty())
        return std::string("chosen and rejected share no prompt");
    if (chosen.size() != common + 1 || rejected.size() != common + 1)
        return std::string("chosen and rejected must hold one answer each after the prompt they share");
    std::string problem;
    PreferencePair pair;
    auto turns = promptTurns(prompt, prompt.size(), problem);
    if (!turns)
        return problem;
    setTurns(pair, std::move(*turns));
    auto first = messageText(chosen[common]), second = messageText(rejected[common]);
    if (!first || !second)
        return std::string("an answer has no text");
    pair.chosen = std::move(*first);
    pair.rejected = std::move(*second);
    return pair;
}

} // namespace

DatasetFormat messagesFormat()
{
    return {"messages", "lists of {\"role\", \"content\"} in \"prompt\", \"chosen\", \"rejected\"", DatasetKind::Pairs,
        matches, parse};
}

} // namespace mpo
