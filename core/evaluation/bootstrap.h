// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mpo {

struct BootstrapOptions
{
    int resamples = 5000; ///< at least 1
    double level = 0.95;
    std::uint64_t seed = 1;
};

/// Percentile bootstrap of the mean. The unit that is drawn is one value, so give one value a prompt: several verdicts
/// on one prompt, or both orders of one judge, are averaged before, else the interval comes out too narrow. Quantiles
/// between two means are interpolated. One value: that value; none: [0, 0].
Interval bootstrapInterval(std::span<const double> values, const BootstrapOptions& options = {});

/// Percentile bootstrap over two levels, for runs of several seeds on several prompts each: as many groups (seeds) as
/// there are are drawn, then in each of them as many of its units (prompts) as it has. What the interval is of is
/// meanOfGroups(). With few groups it is rather too narrow, as the spread of n groups is underestimated by n / (n - 1).
/// Groups without a unit do not count. One group: bootstrapInterval(); none: [0, 0].
Interval bootstrapOfGroups(std::span<const std::vector<double>> groups, const BootstrapOptions& options = {});
/// The mean of the groups' means; 0 for none.
double meanOfGroups(std::span<const std::vector<double>> groups);

/// Numbers computed from a sample of units, given as the units' numbers from 0, each as often as it was drawn. Not
/// finite: the number does not exist for this sample.
using SampleStatistics = std::function<std::vector<double>(std::span<const std::int64_t> drawn)>;

/// Percentile bootstrap of several statistics at once; the unit that is drawn is a prompt with everything that was said
/// of it. Samples for which a statistic does not exist are left out of its interval; where that is every one (also with
/// no units) both ends are NaN. REQUIRES: always as many statistics.
std::vector<Interval> bootstrapIntervals(
    std::int64_t units, const SampleStatistics& statistics, const BootstrapOptions& options = {});

} // namespace mpo
