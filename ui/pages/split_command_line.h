// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QString>

#include <filesystem>

namespace mpo {

/// The shell command that does what the engine does with `split`, quoted for a POSIX shell; on one line, or with every
/// option on a line of its own.
QString splitCommandLine(const SplitPairs& split, const std::filesystem::path& project, bool lines = false);

} // namespace mpo
