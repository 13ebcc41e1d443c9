// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

namespace mpo::cli {

/// Folder of a model named in the project, or the folder itself. Throws Error.
std::filesystem::path modelFolder(const GlobalOptions& global, const std::string& name);

} // namespace mpo::cli
