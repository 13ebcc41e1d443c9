// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mpo {

/// Outcomes of comparisons, one for each prompt.
struct Tally
{
    std::int64_t wins = 0, ties = 0, losses = 0;
    std::int64_t total() const { return wins + ties + losses; }
};

/// (wins + ties / 2) / total; 0.5 for none.
double winRate(const Tally& tally);

struct Interval
{
    double low = 0.0, high = 1.0;
};

/// Wilson's score interval for a share of n; z = 1.96: 95 % (Wilson 1927). [0, 1] for n = 0.
Interval wilsonInterval(double share, std::int64_t n, double z = 1.959963984540054);

/// Exact two-sided sign test on the decisive outcomes: probability of a split at least as uneven under p = 1/2. 1 for none.
double signTest(const Tally& tally);

/// Decisive prompts needed to tell a true win rate from 1/2 (two-sided 5 %, power 80 %, normal approximation); 0: never.
std::int64_t requiredPrompts(double trueWinRate);

} // namespace mpo
