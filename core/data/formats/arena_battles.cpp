// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/arena_battles.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

/// Messages may carry ids and times of their own.
bool sameMessage(const Json& a, const Json& b) { return roleOf(a) == roleOf(b) && messageText(a) == messageText(b); }

Parsed parse(const Json& r)
{
    Fields in(r);
    const std::string winner = in.text("winner");
    std::string problem;
    auto replies = arenaReplies(r, problem);
    if (!replies)
        return problem;
    if (winner != "model_a" && winner != "model_b" && !winner.starts_with("tie") && winner != "both_bad")
        in.fail("field \"winner\" is none of model_a, model_b and tie");
    if (!in.problem().empty())
        return in.problem();
    return compared(std::move(replies->prompt), std::move(replies->first), std::move(replies->second),
        winner == "model_a"       ? Better::First
            : winner == "model_b" ? Better::Second
                                  : Better::Neither);
}

} // namespace

std::optional<ArenaReplies> arenaReplies(const Json& record, std::string& problem)
{
    Fields in(record);
    const Json &a = in.value("conversation_a"), &b = in.value("conversation_b");
    if (!isMessageList(a) || !isMessageList(b))
        in.fail("the conversations are not lists of messages");
    problem = in.problem();
    if (!problem.empty())
        return std::nullopt;
    std::size_t common = 0;
    while (common < a.size() && common < b.size() && sameMessage(a[common], b[common]))
        ++common;
    problem = "the two conversations share no prompt with a reply of each model";
    if (common == 0 || common == a.size() || common == b.size() || roleOf(a[common]) != "assistant"
        || roleOf(b[common]) != "assistant")
        return std::nullopt;
    problem.clear();
    auto turns = promptTurns(a, common, problem);
    auto first = messageText(a[common]), second = messageText(b[common]);
    if (!turns || !first || !second) {
        if (problem.empty())
            problem = "a reply has no text";
        return std::nullopt;
    }
    ArenaReplies replies;
    setTurns(replies.prompt, std::move(*turns));
    replies.first = std::move(*first);
    replies.second = std::move(*second);
    return replies;
}

DatasetFormat arenaBattlesFormat()
{
    return {"arena-battles", "{\"winner\", \"conversation_a\", \"conversation_b\"}, Chatbot Arena", DatasetKind::Pairs,
        {"winner", "conversation_a", "conversation_b"},
        {{"prompt", "the messages that both conversations share"}, {"chosen", "the reply of the winner"},
            {"rejected", "the reply of the loser"}},
        nullptr, parse};
}

} // namespace mpo
