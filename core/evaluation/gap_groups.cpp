// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/gap_groups.h"

#include "core/data/even_groups.h"

#include <algorithm>
#include <cmath>

namespace mpo {

CountedShare agreementWithScores(std::span<const GapOutcome> outcomes, double level)
{
    std::int64_t hits = 0, n = 0;
    for (const GapOutcome& outcome : outcomes) {
        const double scores = outcome.scoreDifference.value_or(0.0), points = outcome.points - 0.5;
        if (scores == 0.0 || std::isnan(scores) || points == 0.0)
            continue;
        ++n;
        hits += (scores > 0.0) == (points > 0.0) ? 1 : 0;
    }
    return countedShare(hits, n, level);
}

std::vector<GapGroup> groupsByGap(std::span<const GapOutcome> outcomes, int groups, double level)
{
    std::vector<GapOutcome> sorted;
    std::copy_if(outcomes.begin(), outcomes.end(), std::back_inserter(sorted),
        [](const GapOutcome& outcome) { return !std::isnan(outcome.gap); });
    std::stable_sort(
        sorted.begin(), sorted.end(), [](const GapOutcome& a, const GapOutcome& b) { return a.gap < b.gap; });
    std::vector<GapGroup> result;
    std::vector<double> gaps;
    for (const GapOutcome& outcome : sorted)
        gaps.push_back(outcome.gap);
    for (std::size_t from = 0; const std::size_t to : evenGroups(gaps, groups)) {
        const std::span<const GapOutcome> part(sorted.data() + from, to - from);
        GapGroup one {part.front().gap, part.back().gap, {}, {}, agreementWithScores(part, level)};
        for (const GapOutcome& outcome : part)
            ++(outcome.points > 0.5 ? one.tally.wins : outcome.points < 0.5 ? one.tally.losses : one.tally.ties);
        one.interval = wilsonInterval(winRate(one.tally), one.tally.total(), zOfLevel(level));
        result.push_back(one);
        from = to;
    }
    return result;
}

} // namespace mpo
