// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/stage/pair_batch.h"
#include "core/stage/stage_context.h"

#include <optional>
#include <string>

namespace mpo {

/// Log-probs of the reference for all pairs, with progress. What is computed lies beside the checkpoints of the run, so
/// that a run that is interrupted meanwhile, or resumed later, goes on from there; `identity` tells models, data and
/// settings apart. Nothing: stopped before the end.
std::optional<PairSums> referenceSums(const Model& reference, std::span<const TokenizedPair> pairs,
    const StageContext& context, const std::string& identity);

} // namespace mpo
