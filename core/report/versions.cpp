// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/versions.h"

#include "mpo_commit.h"

namespace mpo {

std::string programVersion() { return MPO_VERSION; }

std::string programCommit() { return MPO_COMMIT; }

} // namespace mpo
