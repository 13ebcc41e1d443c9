// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/html_report.h"
#include "core/evaluation/session_report.h"
#include "core/evaluation/source_ranking.h"

#include <span>
#include <string>
#include <vector>

namespace mpo {

// The statistics of sessions as people read them: on the terminal, in the window and in reports, in the same words.

/// Names of the two sources, as they are to stand in the tables.
struct ReportSources
{
    std::string a, b;
};

/// Who won and how sure that is: lines of name and value, without a header.
ReportTable outcomeTable(const SessionReport& report, const ReportSources& sources);
ReportTable judgeTable(const SessionReport& report); ///< a row for each judge
ReportTable agreementTable(const SessionReport& report); ///< a row for every two people; no rows for one alone
ReportTable modelAgreementTable(const SessionReport& report); ///< model judges against people; may have no rows
ReportTable criteriaTable(const SessionReport& report); ///< a row for each criterion; may have no rows
/// The adjudication queue, why each item is in it; `prompts` of all items. May have no rows.
ReportTable queueTable(const SessionReport& report, std::span<const std::string> prompts);
ReportTable gapTable(const SessionReport& report); ///< by reward gap; may have no rows
ReportTable ratingTable(const SourceRanking& ranking);
ReportTable testTable(const SourceRanking& ranking); ///< sign tests, before and after Holm

/// Win rates of source A with their intervals as bars against one half: over all prompts, at equal length, by gap.
std::string sessionChartSvg(const SessionReport& report, const ReportSources& sources);

/// "(no name)" for the empty one.
std::string annotatorName(const std::string& annotator);

/// "disputed; flagged by anna (leak), ben"
std::string queueReason(const QueuedItem& item);

/// One sentence: who is ahead, and whether the numbers allow to say so.
std::string outcomeSentence(const SessionReport& report, const ReportSources& sources);

} // namespace mpo
