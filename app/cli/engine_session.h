// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"
#include "app/cli/event_printer.h"
#include "core/engine/command.h"
#include "core/store/project.h"

#include <memory>

namespace mpo::cli {

/// Opens the project that the arguments mean. ReadOnly stands beside a running window; the user's own default project
/// is made when it is not there yet.
std::shared_ptr<Project> openProject(const GlobalOptions& global, Project::Access access);

/// Runs one command to its end and prints its events. Ctrl-C asks it to stop and keeps what is done, a second one ends
/// the program. Returns the exit status; throws Error with the reason when the command failed.
int runOnEngine(const GlobalOptions& global, std::shared_ptr<Project> project, Command command, Printing printing);

} // namespace mpo::cli
