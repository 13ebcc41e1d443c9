// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace mpo {

/// Text for the inside of an XML or HTML element or of a quoted attribute. Characters that XML cannot hold (control
/// characters but tab and line breaks) and bytes that are not UTF-8 become U+FFFD, so that any model's output can stand
/// in a report.
std::string escapeMarkup(std::string_view text);

} // namespace mpo
