// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/support/json.h"

namespace mpo {

// What rank 0 tells the others to do, as text.

Json jobOf(const TrainStage& command);
Json jobOf(const ScorePairs& command);

/// REQUIRES: made by jobOf() of the same version of the program.
Command commandOf(const Json& job);

} // namespace mpo
