// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mpo {

// The cache's folders, looked at without following a link that could lead elsewhere.

enum class FileKind { Missing, File, Folder, Link, Other };
FileKind kindOf(const std::filesystem::path& path); ///< of what stands there itself

/// Names in a folder, sorted. A folder that cannot be read has none.
std::vector<std::string> namesIn(const std::filesystem::path& folder);

/// Where a link leads by its text alone: no other link is followed on the way.
std::filesystem::path targetOf(const std::filesystem::path& link);

/// The file that a blob is: itself, or one of the store that models share, which is a folder of the cache too.
std::optional<std::filesystem::path> blobFile(const std::filesystem::path& cache, const std::filesystem::path& blob);

/// The file behind a name in a snapshot: itself, or the blob that its link means. Nothing: not there, or a link that
/// leads elsewhere.
std::optional<std::filesystem::path> snapshotFile(
    const std::filesystem::path& cache, const std::filesystem::path& snapshot, const std::string& name);

/// Sizes of files, each once whatever its names.
class DiskUse
{
public:
    void add(const std::filesystem::path& file);
    std::uint64_t bytes() const { return m_bytes; }
    std::int64_t lastUsed() const { return m_lastUsed; } ///< seconds since 1970

private:
    std::set<std::pair<dev_t, ino_t>> m_seen;
    std::uint64_t m_bytes = 0;
    std::int64_t m_lastUsed = 0;
};

} // namespace mpo
