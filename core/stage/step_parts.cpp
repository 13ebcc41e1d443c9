// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/step_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace mpo {

StepParts::StepParts(std::int64_t examples, std::int64_t microBatch, bool wholeBatches, const Communicator& ranks)
    : microBatches((examples + microBatch - 1) / microBatch)
{
    for (int rank = 0; rank < ranks.size(); ++rank) {
        Block block = blockOf(wholeBatches ? microBatches : examples, rank, ranks.size());
        if (wholeBatches)
            block = {block.first * microBatch, std::min(examples, block.last * microBatch)};
        std::vector<StepPart> parts;
        while (block.first < block.last) {
            const std::int64_t number = block.first / microBatch, begin = number * microBatch;
            const std::int64_t size = std::min(examples - begin, microBatch);
            const std::int64_t count = std::min(block.last, begin + size) - block.first;
            parts.push_back({block.first, count, double(count) / double(size) / double(microBatches),
                count == size ? std::to_string(number) : fmt::format("{} of rank {}", number, rank)});
            block.first += count;
        }
        rounds = std::max(rounds, std::int64_t(parts.size()));
        if (rank == ranks.rank())
            own = std::move(parts);
    }
}

} // namespace mpo
