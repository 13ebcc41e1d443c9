// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <QStringList>

#include <memory>
#include <span>
#include <vector>

namespace mpo {

/// What the bars of a histogram of reward gaps are divided by.
enum class StackBy { Nothing, Confidence, Length };

/// Scored pairs that are not dropped, in groups by something else than their gap.
struct PairStrata
{
    static constexpr int kMost = 5;

    QStringList names; ///< at most kMost; the first stands at the bottom of a bar
    std::vector<std::vector<double>> gaps; ///< of each group, rising
    std::int64_t countBelow(int group, double gap) const; ///< gap < `gap`; O(log n)
    std::int64_t size(int group) const { return std::int64_t(gaps[std::size_t(group)].size()); }
};

/// Chosen response longer, as long, shorter.
std::shared_ptr<const PairStrata> strataByLength(const SplitData& data, const PairLengths& lengths);

/// By how sure people were of the label, the surest first: a group for each value where there are four at most, else
/// thirds as equal as the values allow; then the pairs without one. `confidence`: for each pair, NaN: not said.
/// Null where no pair has one.
std::shared_ptr<const PairStrata> strataByConfidence(const SplitData& data, std::span<const float> confidence);

} // namespace mpo
