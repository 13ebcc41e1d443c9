// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"

#include <optional>
#include <span>

namespace mpo {

/// What length has to do with winning. Lengths in any one unit, the same for both sources.
struct LengthAdjustment
{
    double winRate = 0.5; ///< at equal length
    Interval interval; ///< of winRate, normal on the logit, robust
    double slope = 0.0; ///< of the logit of winning over x below; > 0: judges took the longer response more often
    Interval slopeInterval;
    double meanFirst = 0.0, meanSecond = 0.0; ///< mean lengths
    double longerWins = 0.5; ///< win rate of the longer response where lengths differ; 0.5 for none
};

/// logit P(first wins) = a + slope * x, x = tanh(difference of lengths / its standard deviation), as AlpacaEval's
/// length control has it; the adjusted win rate is sigmoid(a): the one at x = 0. Nothing where it cannot be estimated:
/// too few outcomes, lengths that do not differ, outcomes that length or a constant foretells without exception.
/// `points` of the first source: 1 won, 1/2 tie, 0 lost. REQUIRES equal sizes.
std::optional<LengthAdjustment> lengthAdjustment(std::span<const double> points, std::span<const double> firstLengths,
    std::span<const double> secondLengths, double level = 0.95);

} // namespace mpo
