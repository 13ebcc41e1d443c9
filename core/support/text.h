// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mpo {

/// Without white space (space, tab, CR, LF, VT, FF) at both ends.
std::string_view trimmed(std::string_view text);

/// At most `maxBytes` of the text, cut between characters, with "..." where something was left out.
std::string shortened(std::string_view text, std::size_t maxBytes);

/// For messages: control characters and invalid UTF-8 become "?".
std::string toPrintable(std::string_view text);

/// The known name that a mistyped one most likely meant (fewest edits); empty when none is near.
std::string_view nearestName(std::string_view name, std::span<const std::string_view> known);

/// " Did you mean \"beta\"?" or nothing: the end of a message about an unknown name.
std::string didYouMean(std::string_view name, std::span<const std::string_view> known);

/// 1,234,567
std::string grouped(std::int64_t value);

/// "a, b, c"
std::string joined(std::span<const std::string_view> items, std::string_view separator = ", ");

} // namespace mpo
