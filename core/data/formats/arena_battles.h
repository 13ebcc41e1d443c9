// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Battles of Chatbot Arena: {"model_a", "model_b", "winner", "conversation_a", "conversation_b"}; ties of both kinds
/// are ties. Two models share only the beginning of their dialogues: the pair is the first reply in which they differ.
/// Provenance: lmarena-ai/arena-human-preference-100k and lmsys/chatbot_arena_conversations on the Hugging Face hub.
DatasetFormat arenaBattlesFormat();

/// The prompt that both conversations share, and the reply of either model to it.
struct ArenaReplies
{
    PreferencePair prompt;
    std::string first, second;
};
/// Nothing, and a sentence in `problem`, where the record holds no two conversations with a common beginning.
std::optional<ArenaReplies> arenaReplies(const Json& record, std::string& problem);

} // namespace mpo
