// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mpo::jinja {

/// Set in a character that comes from messages, tools or other data; clear in what the template itself writes. The mark
/// travels with the character through every operation, so what is rendered still knows what may become a special token.
constexpr char32_t kFromData = 0x4000'0000;

constexpr char32_t plain(char32_t character) { return character & ~kFromData; }

/// Compares characters without their marks: two strings are equal when they read the same.
struct IgnoringMarks : std::char_traits<char32_t>
{
    static constexpr bool eq(char32_t a, char32_t b) { return plain(a) == plain(b); }
    static constexpr bool lt(char32_t a, char32_t b) { return plain(a) < plain(b); }
    static constexpr int compare(const char32_t* a, const char32_t* b, std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i) {
            if (!eq(a[i], b[i]))
                return lt(a[i], b[i]) ? -1 : 1;
        }
        return 0;
    }
    static constexpr const char32_t* find(const char32_t* text, std::size_t count, const char32_t& wanted)
    {
        for (std::size_t i = 0; i < count; ++i) {
            if (eq(text[i], wanted))
                return text + i;
        }
        return nullptr;
    }
};

/// A string of the template language: Unicode characters, as Python counts them, with their marks.
using Text = std::basic_string<char32_t, IgnoringMarks>;
using TextView = std::basic_string_view<char32_t, IgnoringMarks>;

enum class Origin { Template, Data };
/// Invalid UTF-8 becomes U+FFFD.
Text textOf(std::string_view utf8, Origin origin = Origin::Template);
std::string utf8Of(TextView text);

/// What Python's str.isspace says of one character.
bool isSpace(char32_t character);
bool isLineBreak(char32_t character); ///< of str.splitlines
bool isPrintable(char32_t character); ///< not escaped by repr()
bool isWordCharacter(char32_t character); ///< may stand in a name

/// Without white space, or without the given characters, at the chosen ends.
enum class Ends { Both, Left, Right };
TextView stripped(TextView text, Ends ends = Ends::Both);
TextView stripped(TextView text, TextView characters, Ends ends);

Text upper(TextView text);
Text lower(TextView text);
Text titleCased(TextView text); ///< str.title()
Text capitalized(TextView text);
bool isUpper(char32_t character);
bool isLower(char32_t character);
bool isLetter(char32_t character);
bool isDigit(char32_t character); ///< 0 to 9 only

/// As str.replace; `limit` < 0: all.
Text replaced(TextView text, TextView from, TextView to, std::int64_t limit);
/// As str.split(separator, limit), from the right for rsplit.
std::vector<Text> split(TextView text, TextView separator, std::int64_t limit, bool fromRight);
/// As str.split() without a separator: at runs of white space.
std::vector<Text> splitAtSpace(TextView text, std::int64_t limit, bool fromRight);
std::vector<Text> splitLines(TextView text, bool keepEnds);

} // namespace mpo::jinja
