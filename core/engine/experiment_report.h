// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/experiment_summary.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// Heading and a row for each method, for people: reward, score, wins against SFT with their intervals, KL, length.
std::vector<std::vector<std::string>> experimentTable(const ExperimentSummary& summary);

/// Everything with all digits, for scripts; null for what does not exist.
Json toJson(const ExperimentSummary& summary);

/// A line for each method of the table and of each sweep.
std::string experimentCsv(const ExperimentSummary& summary);

/// Writes FOLDER/{index.html, results.json, results.csv, methods.svg, sweep-*.svg}. `introduction`: what was done on
/// what, plain text.
void writeExperimentReport(const std::filesystem::path& folder, const std::string& title,
    const std::string& introduction, const ExperimentSummary& summary);

} // namespace mpo
