// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QString>

#include <filesystem>

namespace mpo {

/// The shell command that does what the engine does with `split`, quoted for a POSIX shell.
QString splitCommandLine(const SplitPairs& split, const std::filesystem::path& project);

} // namespace mpo
