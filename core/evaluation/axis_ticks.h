// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace mpo {

/// Marks of an axis and the range it takes so as to begin and end on a mark.
struct AxisTicks
{
    double low = 0.0, high = 1.0;
    std::vector<double> marks;
    std::vector<std::string> labels; ///< with as many decimals as tell the marks apart
};

/// Steps of 1, 2 or 5 times a power of ten, about `wanted` of them, covering [low, high] (Heckbert, "Nice numbers for
/// graph labels", Graphics Gems 1990). An empty or reversed range, or one that is not finite, becomes one unit wide.
AxisTicks linearTicks(double low, double high, int wanted = 5);

/// Powers of ten, thinned to about `wanted`; over less than two decades also 2 and 5 times those. REQUIRES 0 < low; the
/// range grows to powers of ten.
AxisTicks logTicks(double low, double high, int wanted = 5);

} // namespace mpo
