// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/agreement.h"
#include "core/evaluation/bootstrap.h"
#include "core/evaluation/judge_quality.h"

#include <optional>
#include <string>
#include <vector>

namespace mpo {

/// What judges said of one criterion, over prompts, and how that goes with their verdicts.
struct CriterionReport
{
    std::string criterion;
    Tally tally; ///< of the first source, over prompts with a vote
    double winRate = 0.5; ///< ties as half
    Interval interval; ///< Wilson
    double p = 1.0; ///< exact two-sided sign test
    double adjusted = 1.0; ///< p after Holm, over the criteria of the session
    CountedShare asVerdict; ///< prompts that have a verdict too: the same outcome of three: first, tie, second
    double kappa = 0.0; ///< Cohen's, of the criterion with the verdict
    Interval kappaInterval; ///< bootstrap over prompts; NaN for none
    CountedShare sameWinner; ///< the same winner where both have one
    Alpha alpha; ///< Krippendorff's, of people's votes on the criterion, with order
};

/// Of each prompt: mean points (1, 1/2, 0) of the first source by one criterion, over its voters; nothing without a
/// vote.
struct CriterionPoints
{
    std::string criterion;
    std::vector<std::optional<double>> points;
    Ratings votes {}; ///< of each person, by item: second, tie, first
};

/// `verdicts`: the same of the verdicts on the whole. REQUIRES as many points everywhere.
std::vector<CriterionReport> criterionReports(const std::vector<CriterionPoints>& criteria,
    const std::vector<std::optional<double>>& verdicts, const BootstrapOptions& bootstrap);

} // namespace mpo
