// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/labelled_responses.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"
#include "core/data/formats/prompt_completion.h"

namespace mpo {

namespace {

bool hasLabel(const Json& r) { return isLabel(r, "label"); }

Parsed labelled(PreferencePair pair, const Json& label)
{
    const auto number = numberOf(label);
    if (!number || (*number != 0.0 && *number != 1.0))
        return std::string("the label is not true or false");
    Parsed parsed(std::move(pair));
    parsed.label = *number == 1.0;
    return parsed;
}

Parsed parseCompletion(const Json& r)
{
    static const DatasetFormat completion = promptCompletionFormat();
    Parsed parsed = completion.parse(r);
    return parsed.problem.empty() ? labelled(std::move(parsed.pairs.front()), r.value("label", Json())) : parsed;
}

Parsed parseDialogue(const Json& r, const char* key, const char* label)
{
    if (!r.contains(key) || !isMessageList(r[key]))
        return std::string("field \"") + key + "\" is not a list of messages";
    const Json& messages = r[key];
    auto text = messageText(messages.back());
    if (roleOf(messages.back()) != "assistant" || !text || messages.size() < 2)
        return std::string("the last message is not a reply of the assistant");
    std::string problem;
    auto turns = promptTurns(messages, messages.size() - 1, problem);
    if (!turns)
        return problem;
    PreferencePair pair;
    setTurns(pair, std::move(*turns));
    pair.chosen = std::move(*text);
    return labelled(std::move(pair), r.value(label, Json()));
}

std::vector<FieldSource> mapping(const char* prompt, const char* response, const std::string& label)
{
    return {{"prompt", prompt}, {"chosen", response + (" where " + label) + " is true"},
        {"rejected", response + (" where " + label) + " is false"}};
}

} // namespace

DatasetFormat labelledCompletionsFormat()
{
    return {"labelled-completions", "{\"prompt\", \"completion\", \"label\"}: KTO, made into pairs", DatasetKind::Pairs,
        {"prompt", "completion", "label"}, mapping("prompt", "completion", "label"), hasLabel, parseCompletion, true};
}

DatasetFormat labelledMessagesFormat()
{
    return {"labelled-messages", "{\"messages\", \"label\"}: KTO, made into pairs", DatasetKind::Pairs,
        {"messages", "label"}, mapping("messages before the last", "last message", "label"), hasLabel,
        [](const Json& r) { return parseDialogue(r, "messages", "label"); }};
}

DatasetFormat labelledConversationsFormat()
{
    return {"labelled-conversations", "{\"conversations\", \"kto_tag\"}: KTO, made into pairs", DatasetKind::Pairs,
        {"conversations", "kto_tag"}, mapping("conversations before the last", "last of conversations", "kto_tag"),
        nullptr, [](const Json& r) { return parseDialogue(r, "conversations", "kto_tag"); }};
}

} // namespace mpo
