// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <span>
#include <vector>

namespace mpo {

/// The reward gap of each pair; NaN for those without a score.
inline std::vector<double> gapsOf(std::span<const PairScore> scores)
{
    std::vector<double> gaps;
    gaps.reserve(scores.size());
    for (const PairScore& score : scores)
        gaps.push_back(score.gap());
    return gaps;
}

} // namespace mpo
