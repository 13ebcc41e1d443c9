// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// A line of log.txt in the folder of a run: "2026-01-31T12:00:00Z warning 3 pairs are left out".
struct RunLogLine
{
    std::string time, level, text; ///< level: "info", "warning", "error"
};

/// Appends to FOLDER/log.txt. A log that cannot be written ends no run: returns false.
bool appendRunLog(const std::filesystem::path& runFolder, const std::vector<RunLogLine>& lines);

/// Whole lines from byte `offset` on, which moves behind them; of a longer rest only the last MiB.
std::vector<RunLogLine> readRunLog(const std::filesystem::path& runFolder, std::uint64_t& offset);

} // namespace mpo
