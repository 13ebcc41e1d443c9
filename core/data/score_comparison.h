// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace mpo {

/// Pearson's correlation; NaN where one of them has no spread, and for no values. REQUIRES the same size, no NaN.
double correlation(std::span<const double> x, std::span<const double> y);

/// How far two scorings of the same pairs, A and B, say the same of them. Only pairs that have both gaps count.
struct GapAgreement
{
    std::int64_t pairs = 0;
    double pearson = 0.0, spearman = 0.0; ///< correlation of the gaps and of their ranks; NaN when undefined
    double accuracyA = 0.0, accuracyB = 0.0; ///< share of gaps > 0; a gap of 0 counts half
    double alike = 0.0; ///< share in which both prefer the same response; a gap of 0 in either counts half
    std::int64_t disagreeing = 0; ///< one prefers the chosen response, the other the rejected one
};

/// `a` and `b`: gaps of the same pairs, NaN where there is none. REQUIRES the same size. O(n log n).
GapAgreement compareGaps(std::span<const double> a, std::span<const double> b);

/// Pairs that one prefers the chosen response of and the other the rejected one, those whose gaps differ most first.
std::vector<std::int64_t> disagreeingPairs(std::span<const double> a, std::span<const double> b);

/// Where the pairs that have both gaps go by one rule: [bucket by A][bucket by B].
struct BucketTable
{
    std::array<std::array<std::int64_t, 3>, 3> counts {}; ///< easy, hard, contradictory
    std::int64_t pairs() const;
    std::int64_t changed() const; ///< pairs in another bucket by B than by A
};

/// The thresholds are raw gaps, those that the rule comes to for A and for B: by gap or confidence they are the same,
/// by an easy share each has its own. One pass over the gaps.
BucketTable compareBuckets(
    std::span<const double> a, std::span<const double> b, const SplitRule& rule, double thresholdA, double thresholdB);

} // namespace mpo
