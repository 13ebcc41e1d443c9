// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <string>

namespace mpo {

/// Turns as one text, the way HH-RLHF writes them, so that all data share one style of prompt:
/// "\n\nHuman: question\n\nAssistant:" and, as response, " answer". System turns stand as "\n\nSystem: ...".
/// `messages`: [{"role": ..., "content": ...}] or [{"from": ..., "value": ...}]. The first `count` of them; `problem`
/// gets a sentence when one is not a message.
std::string renderTurns(const Json& messages, std::size_t count, std::string& problem);

/// A prompt of one human turn.
std::string humanTurn(const std::string& text);

/// Text of one message; null: it has none.
const Json* messageText(const Json& message);

/// A list of messages in either spelling.
bool isMessageList(const Json& value);

} // namespace mpo
