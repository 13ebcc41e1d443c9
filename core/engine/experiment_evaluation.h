// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/experiment_summary.h"
#include "core/engine/workspace.h"

#include <string>

namespace mpo {

/// One policy on prompts that its training has not seen. Models by names in the project or folders.
struct PolicyEvaluation
{
    std::string model, rewardModel, sft;
    std::string reference; ///< what its training was anchored to; empty: nothing
    std::int64_t maxNewTokens = 64;
    double temperature = 0.7;
    std::uint64_t seed = 1; ///< the same draws for every policy
    std::string dtype = "auto";
    bool trueReward = false; ///< the prompts are of SyntheticPreferences, which knows it
};

/// Samples a response to each prompt and measures it.
PolicyMeasures evaluatePolicy(const Workspace& workspace, const Dataset& prompts, const PolicyEvaluation& evaluation);

/// What of it decides the numbers: digests of models and prompts, and settings.
Json decisivePartOf(const Workspace& workspace, const Dataset& prompts, const PolicyEvaluation& evaluation);

} // namespace mpo
