// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
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

/// What a tie is worth: half a win, or nothing: then only decisive outcomes count. A report shows both.
enum class TiePolicy { Half, Dropped };

/// (wins + ties / 2) / total, or wins / decisive; 0.5 for none.
double winRate(const Tally& tally, TiePolicy ties = TiePolicy::Half);
/// How many outcomes that rate is of: total or decisive.
std::int64_t countedOutcomes(const Tally& tally, TiePolicy ties);

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

/// Probability that the sign test finds p <= `alpha` on n decisive prompts when the true win rate is this one; exact.
/// REQUIRES 0 <= trueWinRate <= 1, 0 < alpha < 1.
double signTestPower(double trueWinRate, std::int64_t n, double alpha = 0.05);

/// Decisive prompts needed to tell a true win rate from 1/2 (two-sided 5 %, normal approximation); 0: never.
/// `power`: probability of finding the difference that is there, in (0, 1).
std::int64_t requiredPrompts(double trueWinRate, double power = 0.8);

/// Prompts still missing until a difference as large as the one seen would be found (two-sided 5 %) with this power,
/// with as many ties among them as so far. 0: the sign test has found it. Nothing: no difference was seen, so none can
/// be planned for. What is seen first tends to be too large a difference, so this is rather too few.
std::optional<std::int64_t> morePrompts(const Tally& tally, double power = 0.8);

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

} // namespace mpo
