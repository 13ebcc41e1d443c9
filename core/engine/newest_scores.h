// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

namespace mpo {

/// Name of the score set of a data set that was made last; empty: it has none.
std::string newestScores(const Project& project, const std::string& dataset);

} // namespace mpo
