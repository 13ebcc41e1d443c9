// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

namespace mpo {

/// Bytes of all files below a folder; links are not followed. What cannot be read counts as nothing; 0 for a folder
/// that is not there.
std::uint64_t diskUse(const std::filesystem::path& folder);

} // namespace mpo
