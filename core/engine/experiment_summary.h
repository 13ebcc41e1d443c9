// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/experiment_plan.h"
#include "core/evaluation/statistics.h"
#include "core/support/json.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

/// What a policy did on the prompts of its seed; every list has one entry for each prompt.
struct PolicyMeasures
{
    std::vector<double> trueReward; ///< empty: it is not known
    std::vector<double> score; ///< of the reward model of the seed
    std::vector<double> klSft, klReference; ///< log-ratio of the response, nats; klReference empty: there is none
    std::vector<double> length; ///< tokens

    const std::vector<double>& reward() const { return trueReward.empty() ? score : trueReward; }
};
Json toJson(const PolicyMeasures& measures);
PolicyMeasures policyMeasuresFrom(const Json& json); ///< throws for another shape

/// A mean over seeds and prompts with its 95 % interval over both (bootstrapOfGroups).
struct Estimate
{
    double mean = 0.0;
    Interval interval;
};

/// A method, over all seeds that were measured.
struct ExperimentRow
{
    ExperimentMethod method;
    double value = 0.0; ///< of what a sweep varies
    std::int64_t seeds = 0, prompts = 0; ///< prompts: of all seeds together
    std::optional<Estimate> trueReward;
    Estimate score, klSft, length;
    std::optional<Estimate> wins; ///< share of prompts won against SFT by true reward, else by score; not for SFT
    std::optional<Estimate> klReference;
};

/// One method's reward minus another's on the same prompts of the same seeds.
struct ExperimentDifference
{
    std::string method, other; ///< names
    Estimate difference;
    const char* verdict() const; ///< "better", "worse", "not told apart"
};

struct ExperimentSummary
{
    std::string rewardName; ///< "True reward", "Score of the reward model"
    std::vector<ExperimentRow> methods, easyShare, noise, prompts;
    std::vector<ExperimentDifference> differences; ///< of MPO (else the last method) to every other one
    std::vector<std::string> statements; ///< what the sweeps allow to say, a sentence each
};

/// `measured` by names of evaluation steps; cells that are not in it are left out. The cells of SFT are what wins are
/// counted against.
ExperimentSummary summariseExperiment(
    const ExperimentPlan& plan, const std::map<std::string, PolicyMeasures>& measured);

} // namespace mpo
