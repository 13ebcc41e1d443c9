// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/run_curves.h"

#include <filesystem>
#include <stop_token>

namespace mpo {

/// Runs of other programs in a file or a folder: an event file of TensorBoard, a trainer_state.json, or a folder with
/// such (each folder with event files is a run; where there are none, each trainer_state.json, of the checkpoints of
/// one training the latest). What cannot be read among several is told in `problems`; throws Error with a sentence when
/// nothing can be.
struct FoundRuns
{
    std::vector<RunCurves> runs;
    std::vector<std::string> problems;
};
FoundRuns findRuns(const std::filesystem::path& path, const std::stop_token& stop = {});

/// Puts a run into the project, for comparison only: its stage is "import", and it cannot be gone on with. Returns its
/// number.
std::int64_t importRun(Project& project, const RunCurves& run);
inline constexpr std::string_view kImportedStage = "import";

/// A run of the project as it is exported.
RunCurves curvesOf(const Project& project, std::int64_t run);

enum class RunFormat { TensorBoard, TrainerState };
/// Writes FOLDER/ID-STAGE-NAME/ with an event file or trainer_state.json for each run. An earlier export of the same
/// run is replaced. Throws Error naming the file.
void exportRuns(const Project& project, const std::vector<std::int64_t>& runs, RunFormat format,
    const std::filesystem::path& folder, const std::stop_token& stop = {});

} // namespace mpo
