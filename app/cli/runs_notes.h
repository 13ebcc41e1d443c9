// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

namespace mpo::cli {

/// `mpo runs compare|lineage|tag|note|delete|restore|import|export`.
void addRunsNotes(CLI::App& runs, Arguments& arguments);

} // namespace mpo::cli
