// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace mpo {

std::string programVersion(); ///< "0.1.0"
/// The commit that this program was built from, with "-dirty" where files were changed; empty: not known.
std::string programCommit();

} // namespace mpo
