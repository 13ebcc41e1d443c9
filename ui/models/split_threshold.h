// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <memory>

namespace mpo {

/// A rule, and the gap that it comes to in some data; the same threshold said by gap, confidence or share.
class SplitThreshold
{
public:
    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: none; the gap stays until there are some
    void setRule(const SplitRule& rule);

    const SplitRule& rule() const { return m_rule; }
    double gap() const { return m_gap; }
    double easyShare() const; ///< of the pairs, in [0, 1]; 0 without data
    SplitCounts counts() const;

    /// The rule with its threshold said the other way, rounded to a number that a person can repeat. `resolution`: of
    /// gaps.
    SplitRule saidBy(SplitRule::By by, double resolution) const;
    /// The rule with a contradictory bucket below -threshold; 0 where there was none: the twentieth part of the pairs
    /// that contradict their label the most.
    SplitRule withContradictory(double threshold, double resolution) const;

private:
    void update();

    std::shared_ptr<const SplitData> m_data;
    SplitRule m_rule;
    double m_gap = 0.0;
};

} // namespace mpo
