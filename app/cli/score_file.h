// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <string>

namespace mpo::cli {

/// The name of a data set; a file is brought into the project first, row by row as it stands (once: the same rows again
/// are found by their digest).
std::string datasetInProject(Project& project, const std::string& nameOrFile);

/// The name of a score set; a file of JSON lines {"chosen_score","rejected_score"} is brought in as one for `dataset`.
/// Throws Error: neither, a line that is no score, another number of lines than pairs.
std::string scoreSetInProject(Project& project, const std::string& nameOrFile, const std::string& dataset);

} // namespace mpo::cli
