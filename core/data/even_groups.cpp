// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/even_groups.h"

#include <cassert>

namespace mpo {

std::vector<std::size_t> evenGroups(std::span<const double> rising, int groups)
{
    assert(groups >= 1);
    const std::size_t size = rising.size(), wanted = std::size_t(groups);
    std::vector<std::size_t> ends;
    std::size_t from = 0;
    for (std::size_t group = 1; group <= wanted && from < size; ++group) {
        std::size_t to = size * group / wanted;
        if (to <= from) // equal values took its place
            continue;
        while (to < size && rising[to] == rising[to - 1])
            ++to;
        if (2 * wanted * (to - from) < size) { // too few; more may come with the next
            if (to == size && !ends.empty())
                ends.back() = size;
            continue;
        }
        ends.push_back(to);
        from = to;
    }
    return ends;
}

} // namespace mpo
