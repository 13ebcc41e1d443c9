// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

namespace mpo::cli {

/// `mpo data edit|edits`.
void addDataEdits(CLI::App& data, Arguments& arguments);

} // namespace mpo::cli
