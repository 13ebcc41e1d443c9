// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/workspace.h"

namespace mpo {

/// The score set whose reward gaps the metrics of a DPO training are divided by: that of its split, else the newest of
/// its data set; empty: the project has none, or it is another stage.
std::string gapScoresFor(const Project& project, const TrainStage& command);

/// What is looked at beside a training by DPO on these pairs: gaps of `scoreSet` (empty: none), prompts that are
/// answered now and then, and their scores where the reward model of the score set is there.
DpoWatch dpoWatch(const Workspace& workspace, const TrainStage& command, std::span<const TokenizedPair> pairs,
    const std::string& scoreSet);

} // namespace mpo
