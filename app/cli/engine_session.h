// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"
#include "app/cli/event_printer.h"
#include "core/engine/command.h"
#include "core/store/project.h"

#include <memory>

namespace mpo::cli {

/// The folder that the arguments mean; there may be no project in it yet.
std::filesystem::path projectFolder(const GlobalOptions& global);

/// For commands that do something: a project that is not there yet is made, also for what only reads (`mpo logprobs` on
/// a model folder and a file needs no project of its own). ReadOnly stands beside a running window.
std::shared_ptr<Project> openProject(const GlobalOptions& global, Project::Access access);

/// For lists: read-only. A project that was named must be there; the user's own default one is made.
std::shared_ptr<Project> openProjectToShow(const GlobalOptions& global);

constexpr int kExitInterrupted = 130;
constexpr int kExitPipeClosed = 141; // as if SIGPIPE had ended the program

/// From here on Ctrl-C is noted in interrupted(); a second one ends the program.
void catchInterrupts();
bool interrupted();

/// Runs one command to its end and prints its events. Ctrl-C asks it to stop and keeps what is done, a second one ends
/// the program. Returns the exit status; throws Error with the reason when the command failed.
int runOnEngine(const GlobalOptions& global, std::shared_ptr<Project> project, Command command, Printing printing);

/// For a process that is another rank than 0 of its run: carries out what rank 0 gives it. Ctrl-C as above.
int serveOtherRank();

} // namespace mpo::cli
