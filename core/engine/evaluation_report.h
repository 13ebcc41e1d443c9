// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/blind_session.h"
#include "core/evaluation/session_report.h"
#include "core/evaluation/source_ranking.h"
#include "core/store/project.h"

#include <map>
#include <string>
#include <vector>

namespace mpo {

/// A session of a project as core/evaluation counts it. Source A is the first.
struct EvaluationContent
{
    EvaluationRow row;
    std::vector<EvaluationItemInput> key;
    std::vector<JudgmentRow> judgments;
    std::vector<ReportItem> items;
    std::vector<ReportJudgment> reported;
};

/// Whether a session that is still blind is looked into all the same. That is written into its log, which every later
/// report shows; the project must be open for writing.
enum class Early { Refuse, OpenAndLog };

/// Throws Error: no such session, or blind and Early::Refuse.
EvaluationContent openEvaluation(Project& project, const std::string& name, Early early = Early::Refuse);

/// All its statistics.
SessionReport reportOf(const EvaluationContent& content);

/// Prompts of all items, in their order.
std::vector<std::string> promptsOf(const EvaluationContent& content);

/// The project's session as the ranking of sources counts it.
RankedSession rankedSession(const EvaluationContent& content);

/// How many people the session was made for, and how many of them judge each item.
Overlap overlapOf(const EvaluationRow& row);

/// Numbers, from 1, of the shares of the items that annotators have taken here; empty where everybody judges
/// everything.
std::map<std::string, int> sharesTaken(const Project& project, const EvaluationRow& row);

/// Gives an annotator an order and sides of their own, unless they have one already; of a session whose items are
/// divided, those of a share: `share` from 1 to overlapOf(row).annotators, 0: the first that nobody here has. Throws
/// Error: a name of judges that are no people, no name where several are to judge, no share left.
void joinAnnotator(Project& project, const EvaluationRow& row, const std::string& annotator, int share = 0);

/// Hidden repeats and gold items among `items` as blind_session.h has them.
std::vector<EvaluationKey> keyOf(const std::vector<EvaluationItemInput>& items);

} // namespace mpo
