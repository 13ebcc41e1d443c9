// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QString>

namespace mpo {

/// `mpo --project ... train dpo --model ... --set beta=0.2`: the same training in a terminal. Settings at their default
/// are left out.
QString commandLineOf(const TrainStage& command, const std::filesystem::path& project);

/// What is missing before it can start, as a sentence; empty: nothing.
QString missingIn(const TrainStage& command);

} // namespace mpo
