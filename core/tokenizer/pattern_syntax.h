// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace mpo {

/// Writes a pattern of Oniguruma, which the package tokenizers uses, for PCRE2 with UTF, UCP, MULTILINE and newline LF,
/// so that it matches the same: classes are spelled out (versions of Unicode, \s, \w, \h), {n,m}+ is no possessive
/// quantifier, sets in sets are joined. Throws Error for what has no equal here.
std::string toPcre2Syntax(std::string_view pattern);

} // namespace mpo
