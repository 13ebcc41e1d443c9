// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/out_of_memory.h"

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

namespace mpo {

bool isOutOfMemory(const std::exception& error)
{
    constexpr std::array<std::string_view, 4> said {
        "can't allocate memory", "Cannot allocate memory", "not enough memory", "out of memory"};
    const std::string_view what = error.what();
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr
        || std::any_of(said.begin(), said.end(),
            [&](std::string_view words) { return what.find(words) != std::string_view::npos; });
}

} // namespace mpo
