// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/holm.h"

#include <algorithm>
#include <cmath>

namespace mpo {

std::vector<double> holmAdjusted(std::span<const double> p)
{
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < p.size(); ++i)
        if (!std::isnan(p[i]))
            order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [p](std::size_t a, std::size_t b) { return p[a] < p[b]; });

    std::vector<double> adjusted(p.begin(), p.end());
    double least = 0.0;
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        least = std::max(least, std::min(1.0, p[order[rank]] * double(order.size() - rank)));
        adjusted[order[rank]] = least;
    }
    return adjusted;
}

} // namespace mpo
