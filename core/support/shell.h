// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace mpo {

/// A word as a POSIX shell reads it back unchanged: as it is where that is safe, else in single quotes.
std::string shellQuoted(std::string_view word);

} // namespace mpo
