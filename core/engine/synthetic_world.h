// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/engine/workspace.h"

#include <string>

namespace mpo {

/// Data, tokenizer and a small Llama that are made from nothing, whose true reward is known
/// (data/synthetic_preferences.h).
struct SyntheticWorld
{
    std::string completions, pairs; ///< names of data sets in the project
    std::string model; ///< untrained
    Dataset prompts; ///< about subjects that the other data never mention
};

struct SyntheticWorldOptions
{
    std::uint64_t seed = 1; ///< everything follows from it
    std::int64_t completions = 1500, pairs = 700, prompts = 100;
    std::string completionsName, pairsName, promptsName, modelName; ///< taken by other data: with a number behind them
};

/// What the seed made before and is still there stays as it is.
SyntheticWorld syntheticWorld(const Workspace& workspace, const SyntheticWorldOptions& options);

/// A data set of the project whose name begins so with the same content, else a new one. Returns its name.
std::string datasetStoredOrNew(const Workspace& workspace, Dataset data, const std::string& source);

} // namespace mpo
