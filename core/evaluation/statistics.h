// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace mpo {

/// Outcomes of comparisons, one for each prompt.
struct Tally
{
    std::int64_t wins = 0, ties = 0, losses = 0;
    std::int64_t total() const { return wins + ties + losses; }
    std::int64_t decisive() const { return wins + losses; }
    Tally mirrored() const { return {losses, ties, wins}; } ///< the same seen from the other side
};

/// (wins + ties / 2) / total; 0.5 for none.
double winRate(const Tally& tally);

struct Interval
{
    double low = 0.0, high = 1.0;
};

/// Wilson's score interval for a share of n (Wilson 1927) at z = 1.96, 95 %, unless told; zOfLevel() gives others. [0,
/// 1] for n = 0. For a win rate with ties as half wins it is on the safe side: values in {0, 1/2, 1} spread less than a
/// share does.
Interval wilsonInterval(double share, std::int64_t n, double z = 1.959963984540054);

/// Exact two-sided sign test on the decisive outcomes: probability of a split at least as uneven under p = 1/2. 1 for
/// none.
double signTest(const Tally& tally);

/// Decisive prompts needed to tell a true win rate from 1/2 (two-sided 5 %, normal approximation); 0: never.
/// `power`: probability of finding the difference that is there, in (0, 1).
std::int64_t requiredPrompts(double trueWinRate, double power = 0.8);

/// The number below which a standard normal variable falls with this probability. REQUIRES 0 < probability < 1.
double normalQuantile(double probability);
/// Half-width of a two-sided normal interval in standard errors: 1.96 for 0.95. REQUIRES 0 < level < 1.
double zOfLevel(double level);

struct Summary
{
    std::int64_t count = 0;
    double mean = 0.0;
    double deviation = 0.0; ///< with Bessel's correction; 0 for fewer than two values
    double standardError = 0.0; ///< deviation / sqrt(count)
};
Summary summarise(std::span<const double> values);

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

/// Cohen's kappa of two raters who gave one label each to the same items: agreement beyond chance, 1 for identical
/// labels. Where chance alone agrees always (both used one same label only) it is 1. 0 for no items. REQUIRES equal
/// sizes.
double cohenKappa(std::span<const int> first, std::span<const int> second);

} // namespace mpo
