// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/judge_quality.h"

#include "core/evaluation/agreement.h"

#include <vector>

namespace mpo {

CountedShare countedShare(std::int64_t hits, std::int64_t n, double level)
{
    const double share = n > 0 ? double(hits) / double(n) : 0.0;
    return {n, hits, share, wilsonInterval(share, n, zOfLevel(level))};
}

SideBias sideBias(std::int64_t left, std::int64_t right, double level)
{
    const Tally tally {left, 0, right};
    return {
        left, right, winRate(tally), wilsonInterval(winRate(tally), tally.total(), zOfLevel(level)), signTest(tally)};
}

Consistency consistency(std::span<const std::pair<int, int>> outcomes, double level)
{
    Consistency result;
    std::vector<int> first, second;
    for (const auto& [once, again] : outcomes) {
        first.push_back(once);
        second.push_back(again);
        result.same += once == again ? 1 : 0;
        result.sameSide += once != 0 && once == -again ? 1 : 0;
    }
    const CountedShare share = countedShare(result.same, std::int64_t(outcomes.size()), level);
    result.repeated = share.n;
    result.share = share.share;
    result.interval = share.interval;
    result.kappa = cohenKappa(first, second);
    return result;
}

} // namespace mpo
