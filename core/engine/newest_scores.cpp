// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/newest_scores.h"

namespace mpo {

std::string newestScores(const Project& project, const std::string& dataset)
{
    std::string newest; // they come in the order in which they were made
    for (const ScoreSetRow& row : project.scoreSets())
        if (row.dataset == dataset)
            newest = row.name;
    return newest;
}

} // namespace mpo
