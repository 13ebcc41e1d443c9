// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/lineage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// One training with everything it came from.
struct ReportChain
{
    std::int64_t run = 0; ///< the last of the chain; 0: nothing has been trained
    Lineage lineage;
    std::vector<RunRow> runs; ///< oldest first, with the trainings of a scoring by folds
    std::vector<ScoreSetRow> scoreSets;
    std::vector<SplitRow> splits;
};

/// `run` 0: the newest finished PPO, else the newest finished training of any kind, else none. Throws Error when there
/// is no such run.
ReportChain reportChain(const Project& project, std::int64_t run = 0);

} // namespace mpo
