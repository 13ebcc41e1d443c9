// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

enum class LineageKind { Data, Scores, Split, Model, RewardModel, Run, Evaluation };

std::string_view lineageKindName(LineageKind kind); ///< "reward model"

/// A thing in the project, or one that a run names and that is not in it (any more).
struct LineageNode
{
    LineageKind kind = LineageKind::Data;
    std::string name;
    std::int64_t run = 0; ///< that made it; 0: none, or not known
    std::string stage; ///< of that run
    bool present = true; ///< false: the project has no such thing; a folder or file elsewhere, perhaps
    int column = 0; ///< 0: made from nothing here; each stands to the right of all it was made from
};

struct LineageEdge
{
    int from = 0, to = 0; ///< places in Lineage::nodes; what `to` was made from
    std::string role; ///< "data", "model", "reward model", "reference", "split", "scores"
};

/// Where something came from, back to the data and models that were brought in, and what was made from it directly.
struct Lineage
{
    std::vector<LineageNode> nodes;
    std::vector<LineageEdge> edges;
    int focus = 0; ///< the node that was asked for
};

/// Throws Error when there is no such run.
Lineage lineageOfRun(const Project& project, std::int64_t run);
/// Of a model by name; it need not be in the project.
Lineage lineageOfModel(const Project& project, const std::string& name);

} // namespace mpo
