// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings_file.h"
#include "core/engine/command.h"
#include "core/support/json.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Whether a folder holds a model or an adapter, by the file of its configuration. Never throws.
bool isModelFolder(const std::filesystem::path& folder);

/// What a run stores of its training.
Json configOf(const TrainStage& command);

/// The training that a run was started with. Throws Error for settings of another version.
TrainStage commandOfRun(StageKind stage, const Json& config);

std::string_view contradictoryActionName(ContradictoryAction action); ///< "hard", "drop", "flip", "keep"

/// What stands behind `mpo --project DIR` to do the same: "train", "dpo", "--model", ... Settings at their default are
/// left out. Nothing for commands that could not go on where another program has left off.
std::vector<std::string> argumentsOf(const TrainStage& command);
std::vector<std::string> argumentsOf(const ScorePairs& command);
std::vector<std::string> argumentsOf(const SplitPairs& command);
std::vector<std::string> argumentsOf(const CreateEvaluation& command);
std::optional<std::vector<std::string>> argumentsOf(const Command& command);

/// The session that an evaluation was made by; its responses come from the two models again.
CreateEvaluation commandOfEvaluation(
    const std::string& name, const std::string& sourceA, const std::string& sourceB, const Json& config);

} // namespace mpo
