// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

namespace mpo::cli {

/// Adds the commands that follow and steer what another program runs to `mpo runs`.
void addRunsControl(CLI::App& runs, Arguments& arguments);

} // namespace mpo::cli
