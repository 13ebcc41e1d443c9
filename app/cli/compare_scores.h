// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

namespace mpo::cli {

/// `mpo scores list|compare`.
void addScoresCommands(CLI::App& app, Arguments& arguments);

} // namespace mpo::cli
