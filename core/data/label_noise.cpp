// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/label_noise.h"

#include "core/data/pair_edits.h"
#include "core/support/random.h"

#include <cmath>
#include <numeric>

namespace mpo {

void flipLabels(Dataset& data, double share, std::uint64_t seed)
{
    std::vector<std::int64_t> order(data.pairs.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, "label noise").shuffle(order);
    order.resize(std::size_t(std::llround(share * double(data.pairs.size()))));
    for (const std::int64_t number : order)
        exchangeResponses(data.pairs[std::size_t(number)]);
}

} // namespace mpo
