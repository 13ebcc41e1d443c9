// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/judge_quality.h"
#include "core/evaluation/statistics.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpo {

/// The outcome of one prompt beside what the reward model says.
struct GapOutcome
{
    double gap = 0.0; ///< by which prompts are grouped: the reward gap of the pair
    double points = 0.5; ///< of the first source: 1 won, 1/2 tie, 0 lost; more than 1/2: people prefer the first
    std::optional<double> scoreDifference; ///< reward model's score of the first response minus that of the second
};

struct GapGroup
{
    double low = 0.0, high = 0.0; ///< smallest and largest gap in it
    Tally tally; ///< of the first source
    Interval interval; ///< Wilson, of winRate(tally)
    /// Of the prompts that people decided and the reward model scores apart: those where both prefer the same response.
    CountedShare agreement;
};

/// Groups of nearly equally many prompts by rising gap, or fewer where many gaps are equal (evenGroups). Outcomes whose
/// gap is not a number are left out; none for no outcomes. REQUIRES groups >= 1.
std::vector<GapGroup> groupsByGap(std::span<const GapOutcome> outcomes, int groups = 3, double level = 0.95);

/// The agreement over all outcomes, also those without a gap.
CountedShare agreementWithScores(std::span<const GapOutcome> outcomes, double level = 0.95);

} // namespace mpo
