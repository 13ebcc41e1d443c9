// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

using TokenId = std::int32_t;
using TokenIds = std::vector<TokenId>;

/// One message of a dialogue. Roles: "system", "user", "assistant", "tool".
struct ChatMessage
{
    std::string role, content;
    bool operator==(const ChatMessage&) const = default;
};

/// A prompt with the preferred and the other response. Everything after import knows only this shape.
/// Rows without preference use it too (DatasetKind): a completion stands in `chosen`, a bare prompt has neither.
struct PreferencePair
{
    std::string prompt, chosen, rejected;
    /// Given instead of the texts by rows of token ids; then the texts are empty.
    TokenIds promptIds, chosenIds, rejectedIds;
    /// The prompt as messages, oldest first; empty: a row of plain text. Where they are given, `prompt` holds the same
    /// dialogue as text ("\n\nHuman: ...\n\nAssistant:") for the eye, and the responses are bare, without a space
    /// before them.
    std::vector<ChatMessage> turns;
    std::optional<double> confidence; ///< how sure people were of the label, as the data give it
    std::optional<double> margin; ///< by how much the chosen response is better, as the data give it
    std::int64_t line = 0; ///< where it came from, from 1 (record number in a JSON array); 0: made by the program

    bool hasIds() const { return !promptIds.empty() || !chosenIds.empty() || !rejectedIds.empty(); }
};

/// The values reach the disk: do not change them.
enum class DatasetKind { Pairs = 0, Completions = 1, Prompts = 2 };

} // namespace mpo
