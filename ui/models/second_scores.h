// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/score_comparison.h"
#include "ui/charts/density_grid.h"
#include "ui/models/split_data.h"

#include <memory>
#include <string>
#include <vector>

namespace mpo {

/// Another scoring (B) of the pairs of a SplitData (A), with what tells them apart, prepared once.
struct SecondScores
{
    static constexpr int kColumns = 120, kRows = 60;

    /// `pairScores`: of the pairs as the data set has them; those of A's edits are taken in.
    SecondScores(
        std::shared_ptr<const SplitData> firstData, std::string name, const std::vector<PairScore>& pairScores);

    std::shared_ptr<const SplitData> first; ///< A
    std::string scoreSet; ///< B
    std::shared_ptr<const std::vector<double>> gaps; ///< by B; NaN: not scored, or dropped
    GapIndex index; ///< of them
    GapAgreement agreement;
    std::vector<std::int64_t> disagreeing; ///< those that differ the most first
    double lowA = 0.0, highA = 1.0, lowB = 0.0, highB = 1.0; ///< of the grid; with 0 in them
    DensityGrid density; ///< left to right: gap by A; top to bottom: falling gap by B

    /// The raw gap that a rule comes to by B, where it comes to `thresholdA` by A.
    double thresholdFor(const SplitRule& rule, double thresholdA) const;
    BucketTable buckets(const SplitRule& rule, double thresholdA) const; ///< one pass over the pairs
};

} // namespace mpo
