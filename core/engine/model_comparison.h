// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/workspace.h"
#include "core/evaluation/statistics.h"

#include <functional>
#include <string>
#include <vector>

namespace mpo {

/// One model on the held-out prompts. Every list has one entry for each prompt.
struct ComparedModel
{
    std::string title; ///< as in the table: "DPO (easy pairs)"
    std::string model; ///< name or folder
    std::vector<double> rewards;
    double kl = 0.0; ///< to the first model, mean over responses of the summed log-ratio; nats
    double length = 0.0; ///< mean, in tokens
    Tally againstFirst; ///< which response has the higher reward, prompt by prompt
};

struct Comparison
{
    std::vector<std::pair<std::string, std::string>> models; ///< title and name; the first is the baseline
    GenerationOptions generation; ///< stop ids are the models' own
    std::string dtype = "auto"; ///< of the products, as of the setting
    std::uint64_t seed = 1;
    std::function<std::vector<double>(const Sampled&)> reward; ///< of each response
};

/// Samples from every model with the same draws and rewards the responses.
std::vector<ComparedModel> compareModels(
    const Workspace& workspace, const Dataset& prompts, const Comparison& comparison);

/// Heading and a row for each model: reward with its 95 % interval (bootstrap over prompts), wins against the first
/// (Wilson), KL, length.
std::vector<std::vector<std::string>> comparisonTable(
    const std::vector<ComparedModel>& models, const std::string& rewardName);

} // namespace mpo
