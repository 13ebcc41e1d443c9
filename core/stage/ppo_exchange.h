// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/parallel/communicator.h"
#include "core/stage/ppo_rollout.h"

namespace mpo {

/// Every rank gets the responses that the others sampled: ids, ends and log-probs. `own` are those of this rank.
void exchangeResponses(std::vector<Episode>& episodes, Block own, Communicator& ranks);

/// Every rank gets what the others recorded (recordTerms). `own`, one for each episode, are those of this rank.
void exchangeTerms(std::vector<Episode>& episodes, const std::vector<bool>& own, bool withSft, Communicator& ranks);

} // namespace mpo
