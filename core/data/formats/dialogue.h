// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/support/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Turns as one text, the way HH-RLHF writes them, so that all data share one style of prompt:
/// "\n\nHuman: question\n\nAssistant:". System turns stand as "\n\nSystem: ...".
std::string renderTurns(const std::vector<ChatMessage>& turns);

/// A prompt of one human turn, as text.
std::string humanTurn(const std::string& text);

/// Makes `turns` the prompt of the pair, as messages and as text.
void setTurns(PreferencePair& pair, std::vector<ChatMessage> turns);

/// The first `count` of [{"role": ..., "content": ...}] or [{"from": ..., "value": ...}] as a prompt; nothing, and a
/// sentence in `problem`, when one is not a message or the assistant has the last word.
std::optional<std::vector<ChatMessage>> promptTurns(const Json& messages, std::size_t count, std::string& problem);

/// "user", "assistant", "system" or "tool", whichever way the message spells it; empty: no known role.
std::string_view roleOf(const Json& message);

/// Text of one message; nothing: it has none. Content may be a list of parts, {"type": "text", "text" or "value"}.
std::optional<std::string> messageText(const Json& message);

/// A list of messages in either spelling.
bool isMessageList(const Json& value);

} // namespace mpo
