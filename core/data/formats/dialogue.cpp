// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/dialogue.h"

#include "core/support/text.h"

#include <array>
#include <string_view>
#include <utility>

namespace mpo {

namespace {

/// Spellings of roles in the wild (LLaMA-Factory's ShareGPT: human, gpt, observation, function_call).
constexpr auto kRoles = std::to_array<std::pair<std::string_view, const char*>>(
    {{"user", "user"}, {"human", "user"}, {"prompter", "user"}, {"assistant", "assistant"}, {"gpt", "assistant"},
        {"model", "assistant"}, {"function_call", "assistant"}, {"system", "system"}, {"developer", "system"},
        {"tool", "tool"}, {"observation", "tool"}, {"function", "tool"}});

std::string_view titleOf(std::string_view role)
{
    return role == "user" ? "Human" : role == "assistant" ? "Assistant" : role == "system" ? "System" : "Tool";
}

/// As the message spells it.
std::string_view roleIn(const Json& message)
{
    for (const char* key : {"role", "from"})
        if (message.is_object() && message.contains(key) && message[key].is_string())
            return message[key].get_ref<const std::string&>();
    return {};
}

} // namespace

std::string_view roleOf(const Json& message)
{
    const std::string_view role = roleIn(message);
    for (const auto& [spelling, ours] : kRoles)
        if (spelling == role)
            return ours;
    return {};
}

std::optional<std::string> messageText(const Json& message)
{
    if (!message.is_object())
        return std::nullopt;
    for (const char* key : {"content", "value"}) {
        const auto content = message.find(key);
        if (content == message.end())
            continue;
        if (content->is_string())
            return content->get<std::string>();
        if (!content->is_array())
            continue;
        std::string text;
        for (const Json& part : *content) {
            if (!part.is_object() || part.value("type", Json()) != "text")
                return std::nullopt; // a picture cannot be left out in silence
            const auto value = part.find(part.contains("text") ? "text" : "value");
            if (value == part.end() || !value->is_string())
                return std::nullopt;
            text += value->get_ref<const std::string&>();
        }
        return text;
    }
    return std::nullopt;
}

bool isMessageList(const Json& value)
{
    return value.is_array() && !value.empty() && value.front().is_object()
        && (value.front().contains("role") || value.front().contains("from"))
        && (value.front().contains("content") || value.front().contains("value"));
}

std::optional<std::vector<ChatMessage>> promptTurns(const Json& messages, std::size_t count, std::string& problem)
{
    std::vector<ChatMessage> turns;
    for (std::size_t i = 0; i < count && i < messages.size(); ++i) {
        const Json& message = messages[i];
        auto content = messageText(message);
        const auto spelling = roleIn(message);
        if (!content || spelling.empty()) {
            problem = "message " + std::to_string(i + 1) + " has no role or no text";
            return std::nullopt;
        }
        const std::string_view known = roleOf(message);
        if (known.empty()) {
            problem = "message " + std::to_string(i + 1) + " has the role \"" + toPrintable(shortened(spelling, 40))
                + "\"; there are user, assistant, system and tool";
            return std::nullopt;
        }
        turns.push_back({std::string(known), std::move(*content)});
    }
    if (!turns.empty() && turns.back().role == "assistant") {
        problem = "the prompt ends with a turn of the assistant";
        return std::nullopt;
    }
    return turns;
}

std::string renderTurns(const std::vector<ChatMessage>& turns)
{
    std::string text;
    for (const ChatMessage& turn : turns)
        text.append("\n\n").append(titleOf(turn.role)).append(": ").append(turn.content);
    return text + "\n\nAssistant:";
}

std::string humanTurn(const std::string& text) { return renderTurns({{"user", text}}); }

void setTurns(PreferencePair& pair, std::vector<ChatMessage> turns)
{
    pair.prompt = renderTurns(turns);
    pair.turns = std::move(turns);
}

} // namespace mpo
