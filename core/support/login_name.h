// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace mpo {

/// Who has started this program, as the system calls them; empty where it does not know.
std::string loginName();

} // namespace mpo
