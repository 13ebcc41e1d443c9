// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/parallel/communicator.h"

#include <string>
#include <vector>

namespace mpo {

/// Examples that one rank puts through the model at a time.
struct StepPart
{
    std::int64_t first = 0, count = 0; ///< places among the examples of the step
    double weight = 1.0; ///< its share of the step: every micro-batch has the same, and within one every example
    std::string name; ///< the number of the micro-batch, and of the rank if that has not all of it
};

/// How the ranks divide the examples of an optimiser step: each gets about as many, one after the other, and no part
/// crosses the border of a micro-batch, since the weight of an example depends on the size of its micro-batch.
struct StepParts
{
    StepParts(std::int64_t examples, std::int64_t microBatch, bool wholeBatches, const Communicator& ranks);

    std::int64_t microBatches = 0;
    std::vector<StepPart> own; ///< of this rank; may be none
    std::int64_t rounds = 0; ///< parts of the rank that has most
};

} // namespace mpo
