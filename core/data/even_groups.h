// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mpo {

/// Divides values that rise into so many groups of nearly equal size: the places behind the last value of each group.
/// Equal values never part, and no group has less than half of its even share: it becomes one with a neighbour. So
/// there may be fewer groups; none for no values. REQUIRES groups >= 1, no NaN.
std::vector<std::size_t> evenGroups(std::span<const double> rising, int groups);

} // namespace mpo
