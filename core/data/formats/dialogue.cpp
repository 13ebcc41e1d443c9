// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/dialogue.h"

#include "core/support/text.h"

#include <string_view>

namespace mpo {

std::string humanTurn(const std::string& text) { return "\n\nHuman: " + text + "\n\nAssistant:"; }

const Json* messageText(const Json& message)
{
    for (const char* key : {"content", "value"})
        if (message.is_object() && message.contains(key) && message[key].is_string())
            return &message[key];
    return nullptr;
}

bool isMessageList(const Json& value) { return value.is_array() && !value.empty() && messageText(value.front()); }

std::string renderTurns(const Json& messages, std::size_t count, std::string& problem)
{
    std::string text;
    for (std::size_t i = 0; i < count && i < messages.size(); ++i) {
        const Json& message = messages[i];
        const Json* content = messageText(message);
        const char* key = message.is_object() && message.contains("role") ? "role" : "from";
        if (!content || !message.contains(key) || !message[key].is_string()) {
            problem = "message " + std::to_string(i + 1) + " has no role or no text";
            return {};
        }
        const std::string role = message[key].get<std::string>();
        const char* title = role == "user" || role == "human" ? "Human"
            : role == "assistant" || role == "gpt"            ? "Assistant"
            : role == "system"                                ? "System"
                                                              : nullptr;
        if (!title) {
            problem = "message " + std::to_string(i + 1) + " has the role \"" + toPrintable(shortened(role, 40))
                + "\"; there are user, assistant and system";
            return {};
        }
        if (i + 1 == count && std::string_view(title) == "Assistant") {
            problem = "the prompt ends with a turn of the assistant";
            return {};
        }
        text += std::string("\n\n") + title + ": " + content->get<std::string>();
    }
    return text + "\n\nAssistant:";
}

} // namespace mpo
