// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/model_comparison.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// What the demo and a recipe end with.
struct PipelineReport
{
    std::string title;
    std::string introduction; ///< what was done on what; plain text
    std::string rewardName; ///< "True reward"
    std::vector<ComparedModel> models; ///< the first is the baseline
    std::string scoreSet, split; ///< names in the project
    std::vector<std::string> products; ///< names of what was trained; the last run of each is shown
};

/// Writes FOLDER/{index.html, histogram.svg, wins.svg, RUN-METRIC.svg} and sends ReportWritten.
void writePipelineReport(const Workspace& workspace, const std::filesystem::path& folder, const PipelineReport& report);

} // namespace mpo
