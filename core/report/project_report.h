// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/html_report.h"
#include "core/store/project.h"

#include <cstdint>
#include <filesystem>

namespace mpo {

/// Everything on one training and what it came from, so that another person can follow and repeat it: data with counts
/// and digests, reward gaps and split, every run with settings, curves and samples, closed evaluations, versions,
/// digests and commands. Of sessions that are still blind it says only how far they are. `run`: the last of the chain;
/// 0: the newest finished PPO, else training. Throws Error when there is no such run.
HtmlReport projectReport(Project& project, std::int64_t run = 0);

/// PROJECT/report/project.html: where it is written when nobody says where.
std::filesystem::path projectReportFile(const Project& project);

} // namespace mpo
