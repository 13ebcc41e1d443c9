// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/rl/ppo_terms.h"

namespace mpo {

/// REINFORCE leave-one-out, Ahmadian et al. 2024 (arXiv 2402.14740): a response is one action, its reward is
/// score - klCoefficient * KL summed over its tokens, and its advantage is that reward minus the mean reward of the
/// other responses to the same prompt, so no value model is needed. Responses to one prompt stand beside one another,
/// `group` of them. Each list of the result has one entry for each response token; every token has the advantage of its
/// response. `returns` stays empty, `whitened` is `advantages`. REQUIRES group >= 2, whole groups.
AdvantageResult rlooAdvantages(
    std::span<const RolloutSequence> sequences, std::int64_t group, const AdvantageOptions& options);

} // namespace mpo
