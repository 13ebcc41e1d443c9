// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace mpo {

std::int64_t countedOutcomes(const Tally& tally, TiePolicy ties)
{
    return ties == TiePolicy::Half ? tally.total() : tally.decisive();
}

double winRate(const Tally& tally, TiePolicy ties)
{
    const std::int64_t n = countedOutcomes(tally, ties);
    const double halves = ties == TiePolicy::Half ? 0.5 * double(tally.ties) : 0.0;
    return n == 0 ? 0.5 : (double(tally.wins) + halves) / double(n);
}

Interval wilsonInterval(double share, std::int64_t n, double z)
{
    if (n <= 0)
        return {0.0, 1.0};
    const double count = double(n), z2 = z * z;
    const double centre = (share + z2 / (2.0 * count)) / (1.0 + z2 / count);
    const double half = z * std::sqrt(share * (1.0 - share) / count + z2 / (4.0 * count * count)) / (1.0 + z2 / count);
    return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

namespace {

/// Probability of `from` or more successes in n at this rate.
double binomialTail(std::int64_t from, std::int64_t n, double rate)
{
    if (from <= 0)
        return 1.0;
    if (rate <= 0.0 || rate >= 1.0)
        return rate >= 1.0 && from <= n ? 1.0 : 0.0;
    double tail = 0.0;
    for (std::int64_t k = from; k <= n; ++k)
        tail += std::exp(std::lgamma(double(n) + 1.0) - std::lgamma(double(k) + 1.0) - std::lgamma(double(n - k) + 1.0)
            + double(k) * std::log(rate) + double(n - k) * std::log1p(-rate));
    return tail;
}

} // namespace

double signTest(const Tally& tally)
{
    const std::int64_t n = tally.decisive(), most = std::max(tally.wins, tally.losses);
    return std::min(1.0, 2.0 * binomialTail(most, n, 0.5));
}

double signTestPower(double trueWinRate, std::int64_t n, double alpha)
{
    assert(trueWinRate >= 0.0 && trueWinRate <= 1.0 && alpha > 0.0 && alpha < 1.0);
    // The smallest count that is significant, by halving: signTest() falls from n / 2 on.
    std::int64_t low = n / 2, high = n + 1; // not significant; significant, or more than there are
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (signTest({middle, 0, n - middle}) <= alpha ? high : low) = middle;
    }
    if (high > n)
        return 0.0;
    return binomialTail(high, n, trueWinRate) + binomialTail(high, n, 1.0 - trueWinRate);
}

std::int64_t requiredPrompts(double trueWinRate, double power)
{
    const double difference = std::abs(trueWinRate - 0.5);
    if (difference == 0.0)
        return 0;
    const double root = zOfLevel(0.95) * 0.5 + normalQuantile(power) * std::sqrt(trueWinRate * (1.0 - trueWinRate));
    return std::int64_t(std::ceil(root * root / (difference * difference)));
}

std::optional<std::int64_t> morePrompts(const Tally& tally, double power)
{
    if (tally.wins == tally.losses)
        return std::nullopt;
    if (signTest(tally) <= 0.05)
        return 0;
    const std::int64_t needed = requiredPrompts(winRate(tally, TiePolicy::Dropped), power);
    const std::int64_t decisive = std::max<std::int64_t>(1, needed - tally.decisive());
    return std::int64_t(std::ceil(double(decisive) * double(tally.total()) / double(tally.decisive())));
}

double normalQuantile(double probability)
{
    assert(probability > 0.0 && probability < 1.0);
    // Bisection on the distribution function, in the lower half where it keeps its digits: exact to the last bits, and
    // nobody waits for it.
    if (probability > 0.5)
        return -normalQuantile(1.0 - probability);
    double low = -40.0, high = 0.0;
    while (true) {
        const double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high)
            return middle;
        (0.5 * std::erfc(-middle / std::numbers::sqrt2) < probability ? low : high) = middle;
    }
}

double zOfLevel(double level) { return -normalQuantile(0.5 * (1.0 - level)); }

Summary summarise(std::span<const double> values)
{
    Summary summary;
    summary.count = std::int64_t(values.size());
    if (values.empty())
        return summary;
    const auto count = double(values.size());
    for (const double value : values)
        summary.mean += value / count;
    double squares = 0.0;
    for (const double value : values)
        squares += (value - summary.mean) * (value - summary.mean);
    summary.deviation = values.size() > 1 ? std::sqrt(squares / (count - 1.0)) : 0.0;
    summary.standardError = summary.deviation / std::sqrt(count);
    return summary;
}

} // namespace mpo
