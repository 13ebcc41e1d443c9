// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/support/json.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mpo {

/// Layouts that rows can be written in. Trl: texts, messages where the pair has turns. TrlMessages: messages; a plain
/// prompt becomes one message of a user, or, written as in HH-RLHF, its turns.
enum class ExportFormat { Trl, TrlMessages, Hh, Arena };
/// "trl", "trl-messages", "hh", "arena"; throws Error naming them.
ExportFormat exportFormatFromName(const std::string& name);
const std::vector<std::string>& exportFormatNames();

/// What other exports write in the same way.
Json messagesOf(const std::vector<ChatMessage>& turns); ///< [{"role", "content"}, ...]
/// The pair as a dialogue, whatever it was: as TrlMessages has it.
PreferencePair dialogueOf(PreferencePair pair);
/// The turns of a response: one of the assistant, or those of a dialogue that goes on in it, as MT-bench's do.
std::vector<ChatMessage> turnsOfResponse(const std::string& response);
/// For lists, where markers of a dialogue would only take room: the words of its only turn, and else the text up to the
/// answer that it asks for.
std::string promptLine(const std::string& prompt);
std::string csvCell(const Json& value); ///< quoted where it has to be; what is no text as JSON, null as nothing

/// Rows of one kind of data set, written as .jsonl, .jsonl.gz or .csv by the file's ending. The file is there once
/// finish() has returned, under a temporary name before that. Rows can be imported again and are then the same pairs;
/// Trl and Hh keep plain texts to the byte.
class PairExport
{
public:
    /// `seed` draws which side of a battle the chosen response stands on. Throws Error for an ending or layout that
    /// does not fit.
    PairExport(const std::filesystem::path& file, ExportFormat format, DatasetKind kind, std::uint64_t seed = 0);
    ~PairExport();

    void add(const PreferencePair& pair);
    void finish();

private:
    struct Private;
    std::unique_ptr<Private> m_d;
};

} // namespace mpo
