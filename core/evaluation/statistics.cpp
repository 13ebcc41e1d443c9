// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"

#include <algorithm>
#include <cmath>

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
    const std::int64_t n = tally.wins + tally.losses, most = std::max(tally.wins, tally.losses);
    double tail = 0.0;
    for (std::int64_t k = most; k <= n; ++k)
        tail += std::exp(std::lgamma(double(n) + 1.0) - std::lgamma(double(k) + 1.0) - std::lgamma(double(n - k) + 1.0) - double(n) * std::log(2.0));
    return std::min(1.0, 2.0 * tail);
}

std::int64_t requiredPrompts(double trueWinRate)
{
    const double difference = std::abs(trueWinRate - 0.5);
    if (difference == 0.0)
        return 0;
    constexpr double z = 1.959963984540054, power = 0.8416212335729143;
    const double root = z * 0.5 + power * std::sqrt(trueWinRate * (1.0 - trueWinRate));
    return std::int64_t(std::ceil(root * root / (difference * difference)));
}

} // namespace mpo
