// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/disk_use.h"

namespace fs = std::filesystem;

namespace mpo {

std::uint64_t diskUse(const fs::path& folder)
{
    std::uint64_t bytes = 0;
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
    while (!error && entry != fs::recursive_directory_iterator()) {
        std::error_code unreadable;
        if (entry->is_regular_file(unreadable) && !entry->is_symlink(unreadable))
            if (const auto size = entry->file_size(unreadable); !unreadable)
                bytes += size;
        entry.increment(error);
    }
    return bytes;
}

} // namespace mpo
