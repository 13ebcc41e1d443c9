// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/unfinished.h"

#include <string>
#include <vector>

namespace mpo {

namespace fs = std::filesystem;

void removeUnfinished(const fs::path& target)
{
    const std::string begin = "." + target.filename().string() + ".";
    std::vector<fs::path> left;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(target.parent_path(), ignored))
        if (const std::string name = entry.path().filename().string();
            name.starts_with(begin) && name.ends_with(".tmp"))
            left.push_back(entry.path());
    for (const fs::path& path : left)
        fs::remove_all(path, ignored);
}

} // namespace mpo
