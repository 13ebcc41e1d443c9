// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/judge_quality.h"
#include "core/store/project.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// What a language model was asked about a session and what that came to, by its transcript.
struct JudgeCalls
{
    std::string annotator;
    Json settings; ///< endpoint, model, digest of the template ...
    std::int64_t calls = 0, failed = 0, unclear = 0; ///< unclear: answers without a clear verdict
    CountedShare consistent; ///< of items asked in both orders: those with the same outcome in both
    SideBias firstChosen; ///< decisive answers for what stood first ("left") and second, in both orders of those items
    std::int64_t promptTokens = 0, answerTokens = 0;
    double cost = 0.0; ///< by the prices that were given
    std::filesystem::path transcript;
};

/// Folder of the transcripts of a session, in the project.
std::filesystem::path judgeFolder(const Project& project, std::int64_t evaluation);
std::filesystem::path judgeTranscriptFile(
    const Project& project, std::int64_t evaluation, const std::string& annotator);

/// The project's value that says how a reward model judges a session under this name; none: no reward model does.
std::string rewardJudgeKey(std::int64_t evaluation, const std::string& annotator);

/// Throws Error for a transcript that cannot be read.
JudgeCalls judgeCallsOf(const std::filesystem::path& transcript);
std::vector<JudgeCalls> judgeCallsOf(const Project& project, std::int64_t evaluation); ///< by file name
Json toJson(const JudgeCalls& calls);

} // namespace mpo
