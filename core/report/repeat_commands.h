// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/report_chain.h"

#include <string>

namespace mpo {

/// Lines of a shell that make a chain again in another project, in order: import, trainings, scores, split, and the
/// closed sessions with the chain's models. What no command makes stands as a comment. Sessions that are still blind
/// are left out: their command names the models.
std::string repeatCommands(const Project& project, const ReportChain& chain);

} // namespace mpo
