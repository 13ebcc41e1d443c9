// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/session_report.h"
#include "core/evaluation/source_ranking.h"
#include "core/support/json.h"

namespace mpo {

/// A report for scripts, with all its numbers: shares in [0, 1], intervals as [low, high], null for what does not
/// exist. "a" is the first source.
Json toJson(const SessionReport& report);
Json toJson(const SourceRanking& ranking);

} // namespace mpo
