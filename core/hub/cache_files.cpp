// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/cache_files.h"

#include "core/hub/hub_paths.h"

#include <sys/stat.h>

#include <algorithm>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxEntries = 100'000; ///< looked at in one folder; a model has a few dozen

} // namespace

FileKind kindOf(const fs::path& path)
{
    std::error_code error;
    switch (fs::symlink_status(path, error).type()) {
    case fs::file_type::none:
    case fs::file_type::not_found:
        return FileKind::Missing;
    case fs::file_type::regular:
        return FileKind::File;
    case fs::file_type::directory:
        return FileKind::Folder;
    case fs::file_type::symlink:
        return FileKind::Link;
    default:
        return FileKind::Other;
    }
}

std::vector<std::string> namesIn(const fs::path& folder)
{
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end && names.size() < kMaxEntries;
         at.increment(error))
        names.push_back(at->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

fs::path targetOf(const fs::path& link)
{
    std::error_code error;
    const fs::path target = fs::read_symlink(link, error);
    return error ? fs::path() : (link.parent_path() / target).lexically_normal();
}

std::optional<fs::path> blobFile(const fs::path& cache, const fs::path& blob)
{
    const FileKind kind = kindOf(blob);
    if (kind == FileKind::File)
        return blob;
    if (kind != FileKind::Link)
        return std::nullopt;
    const fs::path shared = targetOf(blob); // CACHE/blobs/ab/abcd...
    const fs::path store = (cache / "blobs").lexically_normal();
    if (shared.parent_path().parent_path() != store || kindOf(store) != FileKind::Folder
        || kindOf(shared.parent_path()) != FileKind::Folder || kindOf(shared) != FileKind::File)
        return std::nullopt;
    return shared;
}

std::optional<fs::path> snapshotFile(const fs::path& cache, const fs::path& snapshot, const std::string& name)
{
    if (!isPlainFileName(name))
        return std::nullopt;
    const fs::path path = snapshot / name;
    const FileKind kind = kindOf(path);
    if (kind == FileKind::File)
        return path;
    if (kind != FileKind::Link)
        return std::nullopt;
    const fs::path target = targetOf(path);
    if (target.parent_path() != (snapshot / "../../blobs").lexically_normal())
        return std::nullopt;
    return blobFile(cache, target);
}

void DiskUse::add(const fs::path& file)
{
    struct stat status
    {
    };
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)
        || !m_seen.emplace(status.st_dev, status.st_ino).second)
        return;
    m_bytes += std::uint64_t(status.st_size);
    m_lastUsed = std::max({m_lastUsed, std::int64_t(status.st_atime), std::int64_t(status.st_mtime)});
}

} // namespace mpo
