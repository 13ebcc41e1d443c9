// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"

#include "core/support/random.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

namespace mpo {

double winRate(const Tally& tally)
{
    return tally.total() == 0 ? 0.5 : (double(tally.wins) + 0.5 * double(tally.ties)) / double(tally.total());
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

double signTest(const Tally& tally)
{
    const std::int64_t n = tally.decisive(), most = std::max(tally.wins, tally.losses);
    double tail = 0.0;
    for (std::int64_t k = most; k <= n; ++k)
        tail += std::exp(std::lgamma(double(n) + 1.0) - std::lgamma(double(k) + 1.0) - std::lgamma(double(n - k) + 1.0)
            - double(n) * std::numbers::ln2);
    return std::min(1.0, 2.0 * tail);
}

std::int64_t requiredPrompts(double trueWinRate, double power)
{
    const double difference = std::abs(trueWinRate - 0.5);
    if (difference == 0.0)
        return 0;
    const double root = zOfLevel(0.95) * 0.5 + normalQuantile(power) * std::sqrt(trueWinRate * (1.0 - trueWinRate));
    return std::int64_t(std::ceil(root * root / (difference * difference)));
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

namespace {

/// Between the two neighbours of rank probability * (n - 1), linearly.
double quantileOfSorted(const std::vector<double>& sorted, double probability)
{
    const double rank = probability * double(sorted.size() - 1);
    const auto below = std::size_t(rank);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (rank - double(below)) * (sorted[above] - sorted[below]);
}

} // namespace

Interval bootstrapInterval(std::span<const double> values, const BootstrapOptions& options)
{
    assert(options.resamples > 0);
    if (values.empty())
        return {0.0, 0.0};
    RandomStream random(options.seed, "bootstrap");
    const auto count = std::int64_t(values.size());
    std::vector<double> means(std::size_t(options.resamples), 0.0);
    for (double& mean : means) {
        for (std::int64_t i = 0; i < count; ++i)
            mean += values[std::size_t(random.below(count))];
        mean /= double(count);
    }
    std::sort(means.begin(), means.end());
    const double tail = 0.5 * (1.0 - options.level);
    return {quantileOfSorted(means, tail), quantileOfSorted(means, 1.0 - tail)};
}

double cohenKappa(std::span<const int> first, std::span<const int> second)
{
    assert(first.size() == second.size());
    if (first.empty())
        return 0.0;
    const auto n = double(first.size());
    double agreement = 0.0;
    std::map<int, std::pair<double, double>> shares;
    for (std::size_t i = 0; i < first.size(); ++i) {
        agreement += first[i] == second[i] ? 1.0 / n : 0.0;
        shares[first[i]].first += 1.0 / n;
        shares[second[i]].second += 1.0 / n;
    }
    double chance = 0.0;
    for (const auto& [label, share] : shares)
        chance += share.first * share.second;
    return shares.size() == 1 ? 1.0 : (agreement - chance) / (1.0 - chance);
}

} // namespace mpo
