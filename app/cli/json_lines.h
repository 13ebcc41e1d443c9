// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <functional>
#include <istream>
#include <string>

namespace mpo::cli {

/// Calls `take` with every line of JSON; empty lines are passed over. `place` is "FILE: line 3", for messages.
/// Throws Error with the place for a line that is not JSON.
void forEachJsonLine(std::istream& input, const std::string& source,
    const std::function<void(const Json& row, const std::string& place)>& take);

/// The same for a file.
void forEachJsonLineOf(
    const std::string& file, const std::function<void(const Json& row, const std::string& place)>& take);

} // namespace mpo::cli
