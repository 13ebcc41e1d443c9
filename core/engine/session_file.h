// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// A session as a file that another project can take in or merge: JSON lines, first
///   {"mpo_session": 1, "name", "config", "closed", "source_a", "source_b"}   (sources only when closed)
/// then a line for each item, in order, then one for each judgment that counts, with its flag, votes on criteria and
/// strength where there are any. It holds the key, as the project does:
/// it is no file for the eyes of annotators.
struct SessionFile
{
    EvaluationRow row; ///< of a session that was still blind the sources are "A" and "B"
    std::vector<EvaluationItemInput> items;
    std::vector<JudgmentRow> judgments;
};

void writeSessionFile(const Project& project, const std::string& evaluation, const std::filesystem::path& file);
/// Throws Error with file and line.
SessionFile readSessionFile(const std::filesystem::path& file);

/// Makes the session a part of the project, with its judgments. Returns its name, a free one like the wanted.
std::string addSession(Project& project, const SessionFile& session, const std::string& name);

/// Adds the judgments of another copy of a session: `from` is the folder of a project that has it under the name
/// `evaluationThere`, or a session file. Judgments without a name get `annotator`. Throws Error: the copies do not hold
/// the same items, or judgments without a name on both sides and no name given.
MergedJudgments mergeSession(Project& project, const std::string& evaluation, const std::filesystem::path& from,
    const std::string& evaluationThere, const std::string& annotator);

} // namespace mpo
