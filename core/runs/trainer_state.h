// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/run_curves.h"

#include <filesystem>

namespace mpo {

/// trainer_state.json of transformers' Trainer and of TRL: `log_history` becomes curves. The file holds no times; where
/// it tells how long the training took, its steps are spread evenly over that, and a note says so. Throws Error with a
/// sentence naming the file when it is none.
RunCurves readTrainerState(const std::filesystem::path& file);

/// The same file of a run of ours, as TrainerState.load_from_json of transformers reads it. Evaluations get entries of
/// their own, as there. Throws Error naming the file.
void writeTrainerState(const std::filesystem::path& file, const RunCurves& run);

} // namespace mpo
