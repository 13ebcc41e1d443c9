// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/preference_pairs.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

/// Answers of another type are told as such, line by line.
bool isText(const Json& r) { return r["prompt"].is_string(); }

bool isAnswer(const Json& value) { return isMessageList(value) || messageText(value).has_value(); }

bool areMessages(const Json& r) { return isAnswer(r["chosen"]) && isAnswer(r["rejected"]); }

Parsed parseTexts(const Json& r)
{
    Fields in(r);
    PreferencePair pair;
    pair.prompt = in.text("prompt");
    pair.chosen = in.text("chosen");
    pair.rejected = in.text("rejected");
    return in.problem().empty() ? withExtras(r, std::move(pair)) : Parsed(in.problem());
}

/// A single message stands for a list of one.
Json listOf(const Json& value) { return value.is_object() ? Json::array({value}) : value; }

Parsed parseMessages(const Json& r)
{
    for (const char* key : {"chosen", "rejected"})
        if (!r.contains(key) || !isAnswer(r[key]))
            return std::string("field \"") + key + "\" is not a list of messages";
    const Json chosen = listOf(r["chosen"]), rejected = listOf(r["rejected"]);
    const Json given = r.contains("prompt") ? r["prompt"] : Json();
    std::size_t common = 0;
    while (common + 1 < chosen.size() && common + 1 < rejected.size() && chosen[common] == rejected[common])
        ++common;
    PreferencePair pair;
    std::string problem;
    if (isMessageList(given) || common > 0) {
        // A list in "prompt" may also be repeated in front of both answers.
        const bool repeated = common > 0 && (!isMessageList(given) || given.size() == common);
        const Json& prompt = isMessageList(given) ? given : chosen;
        auto turns = promptTurns(prompt, isMessageList(given) ? given.size() : common, problem);
        if (!turns)
            return problem;
        setTurns(pair, std::move(*turns));
        common = repeated ? common : 0;
    } else if (given.is_string()) {
        pair = asked(given.get<std::string>());
    } else {
        return std::string("chosen and rejected share no prompt");
    }
    if (chosen.size() != common + 1 || rejected.size() != common + 1)
        return std::string("chosen and rejected must hold one answer each after the prompt they share");
    auto first = messageText(chosen[common]), second = messageText(rejected[common]);
    if (!first || !second)
        return std::string("an answer has no text");
    pair.chosen = std::move(*first);
    pair.rejected = std::move(*second);
    return withExtras(r, std::move(pair));
}

} // namespace

DatasetFormat promptChosenRejectedFormat()
{
    return {"prompt-chosen-rejected", "{\"prompt\", \"chosen\", \"rejected\"} as texts", DatasetKind::Pairs,
        {"prompt", "chosen", "rejected"}, {{"prompt", "prompt"}, {"chosen", "chosen"}, {"rejected", "rejected"}},
        isText, parseTexts, true};
}

DatasetFormat messagesFormat()
{
    return {"messages", "lists of {\"role\", \"content\"} in \"prompt\", \"chosen\", \"rejected\"", DatasetKind::Pairs,
        {"chosen", "rejected"},
        {{"prompt", "prompt, or the messages that chosen and rejected share"}, {"chosen", "last message of chosen"},
            {"rejected", "last message of rejected"}},
        areMessages, parseMessages, true};
}

} // namespace mpo
