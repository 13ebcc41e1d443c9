// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/text.h"

#include <algorithm>
#include <clocale>
#include <cwctype>

namespace mpo::jinja {

namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

/// The C library's tables of Unicode, whatever the language of the user.
locale_t unicodeLocale()
{
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
}

char32_t upperOf(char32_t character) { return char32_t(towupper_l(wint_t(character), unicodeLocale())); }
char32_t titleOf(char32_t character)
{
    static const wctrans_t toTitle = wctrans_l("totitle", unicodeLocale());
    return char32_t(towctrans_l(wint_t(character), toTitle, unicodeLocale()));
}
char32_t lowerOf(char32_t character) { return char32_t(towlower_l(wint_t(character), unicodeLocale())); }

/// Capital letters that are more than one character.
std::u32string_view longUpperOf(char32_t character)
{
    switch (character) {
    case 0xDF:
        return U"SS";
    case 0x149:
        return U"\u02BCN";
    case 0x1F0:
        return U"J\u030C";
    case 0xFB00:
        return U"FF";
    case 0xFB01:
        return U"FI";
    case 0xFB02:
        return U"FL";
    case 0xFB03:
        return U"FFI";
    case 0xFB04:
        return U"FFL";
    case 0xFB05:
    case 0xFB06:
        return U"ST";
    default:
        return {};
    }
}

void appendUpper(Text& out, char32_t marked)
{
    const char32_t mark = marked & kFromData;
    const std::u32string_view many = longUpperOf(plain(marked));
    if (many.empty())
        out += upperOf(plain(marked)) | mark;
    for (const char32_t character : many)
        out += character | mark;
}

/// At the head of a word a letter of several capitals keeps the later ones small: "ﬁ" gives "Fi".
void appendTitle(Text& out, char32_t marked)
{
    if (longUpperOf(plain(marked)).empty()) {
        out += titleOf(plain(marked)) | (marked & kFromData);
        return;
    }
    Text upperText;
    appendUpper(upperText, marked);
    out += upperText.front();
    for (std::size_t i = 1; i < upperText.size(); ++i)
        out += lowerOf(plain(upperText[i])) | (marked & kFromData);
}

bool isCased(char32_t character) { return isUpper(character) || isLower(character); }

void appendLower(Text& out, TextView text, std::size_t at)
{
    const char32_t mark = text[at] & kFromData;
    const char32_t character = plain(text[at]);
    if (character == 0x130) { // capital I with a dot: i and the dot
        out += U'i' | mark;
        out += char32_t(0x307) | mark;
    } else if (character == kCapitalSigma) {
        // The small letter differs at the end of a word.
        const bool before = at > 0 && isCased(plain(text[at - 1]));
        const bool after = at + 1 < text.size() && isCased(plain(text[at + 1]));
        out += (before && !after ? kFinalSigma : lowerOf(character)) | mark;
    } else {
        out += lowerOf(character) | mark;
    }
}

bool contains(TextView text, char32_t character) { return text.find(character) != text.npos; }

} // namespace

Text textOf(std::string_view utf8, Origin origin)
{
    const char32_t mark = origin == Origin::Data ? kFromData : 0;
    Text text;
    text.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
        const auto byte = [&](std::size_t at) {
            return at < utf8.size() ? char32_t(static_cast<unsigned char>(utf8[at])) : char32_t(0);
        };
        const char32_t first = byte(i);
        const std::size_t length = first < 0x80 ? 1
            : first >= 0xC2 && first < 0xE0     ? 2
            : first >= 0xE0 && first < 0xF0     ? 3
            : first >= 0xF0 && first < 0xF5     ? 4
                                                : 0;
        char32_t character = length == 1 ? first : first & (0x7Fu >> length);
        bool valid = length > 0;
        for (std::size_t k = 1; k < length && valid; ++k) {
            valid = (byte(i + k) & 0xC0) == 0x80;
            character = (character << 6) | (byte(i + k) & 0x3F);
        }
        valid = valid && !(length == 3 && character < 0x800) && !(length == 4 && character < 0x10000)
            && character <= 0x10FFFF && !(character >= 0xD800 && character < 0xE000);
        text += (valid ? character : kReplacement) | mark;
        i += valid ? length : 1;
    }
    return text;
}

std::string utf8Of(TextView text)
{
    std::string utf8;
    utf8.reserve(text.size());
    for (const char32_t marked : text) {
        char32_t c = plain(marked);
        if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
            c = kReplacement;
        if (c < 0x80) {
            utf8 += char(c);
        } else if (c < 0x800) {
            utf8 += char(0xC0 | (c >> 6));
            utf8 += char(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            utf8 += char(0xE0 | (c >> 12));
            utf8 += char(0x80 | ((c >> 6) & 0x3F));
            utf8 += char(0x80 | (c & 0x3F));
        } else {
            utf8 += char(0xF0 | (c >> 18));
            utf8 += char(0x80 | ((c >> 12) & 0x3F));
            utf8 += char(0x80 | ((c >> 6) & 0x3F));
            utf8 += char(0x80 | (c & 0x3F));
        }
    }
    return utf8;
}

bool isSpace(char32_t marked)
{
    const char32_t c = plain(marked);
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool isLineBreak(char32_t marked)
{
    const char32_t c = plain(marked);
    return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool isPrintable(char32_t marked)
{
    const char32_t c = plain(marked);
    if (c < 0x7F)
        return c >= 0x20;
    const bool formatCharacter = c == 0xAD || (c >= 0x600 && c <= 0x605) || c == 0x61C || c == 0x6DD || c == 0x70F
        || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F)
        || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE000 && c <= 0xF8FF) || c >= 0xE0000;
    return !isSpace(c) && !formatCharacter && iswprint_l(wint_t(c), unicodeLocale()) != 0;
}

bool isWordCharacter(char32_t marked)
{
    const char32_t c = plain(marked);
    return c == U'_' || (c < 0x80 ? isDigit(c) || isLetter(c) : iswalnum_l(wint_t(c), unicodeLocale()) != 0);
}

bool isUpper(char32_t marked) { return iswupper_l(wint_t(plain(marked)), unicodeLocale()) != 0; }
bool isLower(char32_t marked) { return iswlower_l(wint_t(plain(marked)), unicodeLocale()) != 0; }
bool isLetter(char32_t marked)
{
    const char32_t c = plain(marked);
    return c < 0x80 ? (c | 0x20) >= U'a' && (c | 0x20) <= U'z'
                    : iswalpha_l(wint_t(c), unicodeLocale()) != 0 && iswdigit_l(wint_t(c), unicodeLocale()) == 0;
}
bool isDigit(char32_t marked) { return plain(marked) >= U'0' && plain(marked) <= U'9'; }

TextView stripped(TextView text, Ends ends)
{
    while (ends != Ends::Right && !text.empty() && isSpace(text.front()))
        text.remove_prefix(1);
    while (ends != Ends::Left && !text.empty() && isSpace(text.back()))
        text.remove_suffix(1);
    return text;
}

TextView stripped(TextView text, TextView characters, Ends ends)
{
    while (ends != Ends::Right && !text.empty() && contains(characters, text.front()))
        text.remove_prefix(1);
    while (ends != Ends::Left && !text.empty() && contains(characters, text.back()))
        text.remove_suffix(1);
    return text;
}

Text upper(TextView text)
{
    Text out;
    for (const char32_t character : text)
        appendUpper(out, character);
    return out;
}

Text lower(TextView text)
{
    Text out;
    for (std::size_t i = 0; i < text.size(); ++i)
        appendLower(out, text, i);
    return out;
}

Text titleCased(TextView text)
{
    Text out;
    bool inWord = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (inWord)
            appendLower(out, text, i);
        else
            appendTitle(out, text[i]);
        inWord = isCased(plain(text[i]));
    }
    return out;
}

Text capitalized(TextView text)
{
    Text out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 0)
            appendTitle(out, text[i]);
        else
            appendLower(out, text, i);
    }
    return out;
}

Text replaced(TextView text, TextView from, TextView to, std::int64_t limit)
{
    Text out;
    std::size_t at = 0;
    for (std::int64_t done = 0; limit < 0 || done < limit; ++done) {
        if (from.empty()) {
            // Between all characters and at both ends.
            if (at > text.size())
                break;
            out += to;
            if (at < text.size())
                out += text[at];
            ++at;
            continue;
        }
        const std::size_t found = text.find(from, at);
        if (found == text.npos)
            break;
        out.append(text.substr(at, found - at)).append(to);
        at = found + from.size();
    }
    if (at < text.size())
        out += text.substr(at);
    return out;
}

std::vector<Text> split(TextView text, TextView separator, std::int64_t limit, bool fromRight)
{
    std::vector<Text> parts;
    while (limit < 0 || std::int64_t(parts.size()) < limit) {
        const std::size_t found = fromRight ? text.rfind(separator) : text.find(separator);
        if (found == text.npos)
            break;
        parts.emplace_back(fromRight ? text.substr(found + separator.size()) : text.substr(0, found));
        text = fromRight ? text.substr(0, found) : text.substr(found + separator.size());
    }
    parts.emplace_back(text);
    if (fromRight)
        std::reverse(parts.begin(), parts.end());
    return parts;
}

std::vector<Text> splitAtSpace(TextView text, std::int64_t limit, bool fromRight)
{
    std::vector<Text> parts;
    const Ends near = fromRight ? Ends::Right : Ends::Left;
    for (text = stripped(text, near); !text.empty(); text = stripped(text, near)) {
        if (limit >= 0 && std::int64_t(parts.size()) >= limit) {
            // The rest is one part; white space at its far end stays.
            parts.emplace_back(text);
            break;
        }
        std::size_t length = 0;
        while (length < text.size() && !isSpace(fromRight ? text[text.size() - 1 - length] : text[length]))
            ++length;
        parts.emplace_back(fromRight ? text.substr(text.size() - length) : text.substr(0, length));
        text = fromRight ? text.substr(0, text.size() - length) : text.substr(length);
    }
    if (fromRight)
        std::reverse(parts.begin(), parts.end());
    return parts;
}

std::vector<Text> splitLines(TextView text, bool keepEnds)
{
    std::vector<Text> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && !isLineBreak(text[end]))
            ++end;
        std::size_t next = std::min(end + 1, text.size());
        if (next < text.size() && plain(text[end]) == U'\r' && plain(text[next]) == U'\n')
            ++next;
        lines.emplace_back(text.substr(begin, (keepEnds ? next : end) - begin));
        begin = next;
    }
    return lines;
}

} // namespace mpo::jinja
