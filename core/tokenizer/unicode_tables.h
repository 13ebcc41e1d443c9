// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace mpo {

/// Where the package tokenizers (0.23.3), the reference, knows other characters than PCRE2 10.42 and utf8proc. It holds
/// several versions of Unicode: Oniguruma's classes are of 16, normal forms of 9, accents and punctuation of 8, lower
/// case and numbers of 17, and \w of Rust's regex of 16. Written by tests/fixtures/tokenizer/make_unicode_tables.py.

struct CodePointRange
{
    char32_t first = 0, last = 0;
};

/// "Lu" -> members beyond PCRE2's \p{Lu}, as they stand in a set of a pattern.
const std::map<std::string_view, std::string_view>& categoryAdditions();
extern const std::string_view kWordAdditions; ///< of Oniguruma's \w beyond PCRE2's [\p{L}\p{M}\p{Nd}\p{Pc}]
extern const std::string_view kRustWordAdditions; ///< the same for the regular expressions of Rust
extern const std::string_view kRustNumberAdditions; ///< beyond PCRE2's \p{N}
extern const std::string_view kPunctuationAdditions; ///< beyond PCRE2's \p{P}
extern const std::string_view kNoPunctuation; ///< in \p{P} of some version, but not taken for punctuation

/// Sorted ranges.
extern const std::vector<CodePointRange> kNotNormalized; ///< no decomposition, no composition, combining class 0
extern const std::vector<CodePointRange> kNoAccents; ///< marks in some version that StripAccents leaves
extern const std::vector<CodePointRange> kOtherAccents; ///< no marks, but removed by it
extern const std::vector<std::pair<char32_t, char32_t>> kLowercaseAdditions; ///< sorted

} // namespace mpo
