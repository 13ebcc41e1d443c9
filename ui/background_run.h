// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QString>

namespace mpo {

/// Whether the command line program that would go on with it is there and can.
bool canRunInBackground(const Command& command);

/// Starts `mpo` with the same command in a process of its own, which waits until this one has let go of the project and
/// goes on where it stopped. What it prints goes to `log`. Returns the reason when it could not be started.
QString startInBackground(
    const Command& command, const std::filesystem::path& project, const std::filesystem::path& log);

} // namespace mpo
