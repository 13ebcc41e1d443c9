// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/axis_ticks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace mpo {

namespace {

/// The smallest of 1, 2, 5, 10 times a power of ten that is not below `size`, but for rounding.
double niceStep(double size)
{
    const double power = std::pow(10.0, std::floor(std::log10(size)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= size * (1.0 - 1e-9))
            return factor * power;
    return 10.0 * power;
}

std::string labelOf(double mark, double step)
{
    mark += 0.0; // no "-0"
    const double largest = std::max(std::abs(mark), step);
    if (largest < 1e6 && step > 0.99e-4)
        return fmt::format("{:.{}f}", mark, std::max(0, int(-std::floor(std::log10(step) + 1e-9))));
    return fmt::format("{:.{}g}", mark, std::clamp(1 + int(std::ceil(std::log10(largest / step))), 2, 15));
}

} // namespace

AxisTicks linearTicks(double low, double high, int wanted)
{
    if (!std::isfinite(low) || !std::isfinite(high)) {
        low = 0.0;
        high = 1.0;
    }
    // A range that the numbers at its ends can hardly resolve is as good as empty.
    if (!(high - low > 1e-12 * std::max(std::abs(low), std::abs(high)))) {
        const double half = std::max(0.5, 1e-6 * std::abs(low));
        high = low + half;
        low -= half;
    }
    const double step = niceStep((high - low) / std::max(1, wanted));
    const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
    AxisTicks ticks {first * step, last * step, {}, {}};
    for (double i = first; i <= last; ++i) {
        ticks.marks.push_back(i * step);
        ticks.labels.push_back(labelOf(ticks.marks.back(), step));
    }
    return ticks;
}

AxisTicks logTicks(double low, double high, int wanted)
{
    assert(low > 0.0);
    const double first = std::floor(std::log10(low) + 1e-9);
    const double last = std::max(first + 1.0, std::ceil(std::log10(std::max(low, high)) - 1e-9));
    const double decades = last - first, stride = std::max(1.0, std::ceil(decades / std::max(1, wanted)));
    AxisTicks ticks {std::pow(10.0, first), std::pow(10.0, last), {}, {}};
    for (double exponent = first; exponent <= last; exponent += stride)
        for (const double factor : {1.0, 2.0, 5.0}) {
            if (factor > 1.0 && (decades >= 2.0 || exponent == last))
                continue;
            ticks.marks.push_back(factor * std::pow(10.0, exponent));
            ticks.labels.push_back(fmt::format("{:.6g}", ticks.marks.back()));
        }
    return ticks;
}

} // namespace mpo
