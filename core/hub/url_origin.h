// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// Who answers at an address; secrets of one are not told to another.
struct UrlOrigin
{
    std::string scheme, host, port; ///< in lower case
    bool operator==(const UrlOrigin&) const = default;
};

/// Nothing unless it is an address of HTTP or HTTPS without a user's name.
std::optional<UrlOrigin> originOf(const std::string& url);

bool isThisMachine(const UrlOrigin& origin);

std::string lowerCase(std::string_view text);

} // namespace mpo
