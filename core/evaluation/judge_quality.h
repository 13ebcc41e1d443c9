// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"

#include <cstdint>
#include <span>
#include <utility>

namespace mpo {

// How far a judge, a person or a model, can be relied on.

/// A taste for a side. Sides are drawn at random, so that without one half of the decisive verdicts fall on each.
struct SideBias
{
    std::int64_t left = 0, right = 0; ///< decisive verdicts
    double leftShare = 0.5;
    Interval interval; ///< Wilson, of leftShare
    double p = 1.0; ///< exact sign test
};
SideBias sideBias(std::int64_t left, std::int64_t right, double level = 0.95);

/// What a judge said when shown the same two responses twice, with sides exchanged.
struct Consistency
{
    std::int64_t repeated = 0, same = 0; ///< same: the same source, or a tie, both times
    std::int64_t sameSide = 0; ///< the same side both times, and so each source once: followed the side
    double share = 0.0; ///< same / repeated; 0 for none
    Interval interval; ///< Wilson
    double kappa = 0.0; ///< Cohen's, of the first answers with the second
};
/// Outcomes for the first source, first and second time: 1 won, 0 tie, -1 lost.
Consistency consistency(std::span<const std::pair<int, int>> outcomes, double level = 0.95);

/// A share of n with its interval: of gold items answered right, of decisions like the reward model's ...
struct CountedShare
{
    std::int64_t n = 0, hits = 0;
    double share = 0.0; ///< 0 for none
    Interval interval; ///< Wilson
};
CountedShare countedShare(std::int64_t hits, std::int64_t n, double level = 0.95);

} // namespace mpo
