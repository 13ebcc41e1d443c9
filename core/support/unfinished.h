// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace mpo {

/// Takes away what processes that died left while they wrote `target`: ".NAME....tmp" beside it. REQUIRES: nobody else
/// writes it now.
void removeUnfinished(const std::filesystem::path& target);

} // namespace mpo
