// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/experiment_method.h"
#include "core/config/recipe.h"

#include <map>

namespace mpo {

/// Methods at several values of one thing, the rest as in the main table.
struct ExperimentSweep
{
    std::vector<double> values; ///< rising, each once; empty: there is no such sweep
    std::vector<ExperimentMethod> methods;
};

/// A matrix of methods and seeds on one kind of data. Read from YAML.
struct ExperimentRecipe
{
    Recipe base; ///< model, data, evaluation and settings as in a recipe of one pipeline; with synthetic data without
                 ///< model, data and limit
    bool synthetic = false; ///< data and model are made, and the true reward is known
    std::int64_t completions = 1500, pairs = 700; ///< of the synthetic data, for each seed
    double noise = 0.0; ///< share of the labels that are flipped
    std::vector<std::int64_t> seeds {1, 2, 3}; ///< each once
    std::vector<ExperimentMethod> methods; ///< each once; the first is SFT
    std::map<std::string, Settings> algorithms; ///< "dpo", "simpo", ..., "rloo"
    ExperimentSweep easyShare; ///< share of the pairs that are easy
    ExperimentSweep flipped; ///< share of flipped labels
    ExperimentSweep prompts; ///< responses of the stage on prompts in all (total_episodes)
};

/// As readRecipe(), also for an unknown method. With an override "data=synthetic" the file needs no model.
ExperimentRecipe readExperimentRecipe(
    const std::filesystem::path& file, const std::vector<std::string>& overrides = {});
ExperimentRecipe parseExperimentRecipe(
    std::string_view text, std::string_view source, const std::vector<std::string>& overrides = {});

} // namespace mpo
