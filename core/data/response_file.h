// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// What one model answered. In each row the response stands in `chosen`; a prompt that it answered more than once
/// counts with the first answer.
struct SourceResponses
{
    std::string name;
    std::vector<PreferencePair> rows;
};

struct ResponseFile
{
    std::vector<SourceResponses> sources;
    std::int64_t unusable = 0; ///< records left out
    std::string firstProblem; ///< why the first of them was, with its line
};

/// Responses of one or more models in a file that another tool wrote, models in the order of their first response:
///   AlpacaEval outputs {"instruction", "output", "generator"} and annotations {"instruction", "output_1", "output_2",
///     "generator_1", "generator_2"}
///   MT-bench answers {"question_id", "model_id", "choices"}: questions come from question.jsonl in the same folder or
///     the one above; a dialogue is judged as a whole: what follows the first question is the response
///   Arena battles {"model_a", "model_b", "conversation_a", "conversation_b"}, whoever won
///   LLM Comparator {"models", "examples"}
///   {"prompt", "response"} and every layout of completions or pairs that data sets are imported from (a model called
///     as the file, or "chosen" and "rejected").
/// Names that the file does not give are made of its own. Throws Error when the file cannot be read or nothing in it
/// can be used.
ResponseFile readResponses(const std::filesystem::path& file);

/// Tells prompts apart whatever way they are written in: messages, "\n\nHuman: ..." or one plain question.
std::string promptKey(const PreferencePair& pair);

} // namespace mpo
