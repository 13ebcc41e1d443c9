// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mpo {

/// Bytes of the valid UTF-8 sequence that begins at `at`; 0 where there is none.
std::size_t sequenceLength(std::string_view text, std::size_t at);

/// For valid UTF-8: bytes of the character with this first byte.
inline std::size_t lengthFromLead(char lead)
{
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// For valid UTF-8: the character at `at`, which must be the first byte of one.
char32_t codePointAt(std::string_view text, std::size_t at);

void appendUtf8(std::string& out, char32_t c);

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD"; ///< U+FFFD

/// Bytes from `at` that one U+FFFD stands for where there is no valid sequence (maximal subparts, Unicode 3.9).
std::size_t invalidLength(std::string_view text, std::size_t at);

bool isValidUtf8(std::string_view text);
/// With U+FFFD in place of what is not valid.
std::string withReplacements(std::string_view text);

/// A text of a file as it may stand in a sentence: on one line and not long.
std::string inSentence(std::string_view text);

/// Bytes of the white space (Unicode's White_Space) that `text` begins or ends with; 0: none. For valid UTF-8.
std::size_t spaceAtBegin(std::string_view text);
std::size_t spaceAtEnd(std::string_view text);

} // namespace mpo
