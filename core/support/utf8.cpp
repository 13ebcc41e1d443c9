// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/utf8.h"

#include "core/support/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mpo {

namespace {

/// What may follow a first byte: how many bytes, and the range of the first of them.
struct Sequence
{
    std::size_t length = 0; ///< 0: not the first byte of anything
    unsigned char low = 0x80, high = 0xBF;
};

Sequence sequenceOf(unsigned char lead)
{
    if (lead < 0x80)
        return {1};
    if (lead >= 0xC2 && lead <= 0xDF)
        return {2};
    if (lead >= 0xE0 && lead <= 0xEF) // no overlong forms, no surrogates
        return {3, static_cast<unsigned char>(lead == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(lead == 0xED ? 0x9F : 0xBF)};
    if (lead >= 0xF0 && lead <= 0xF4)
        return {4, static_cast<unsigned char>(lead == 0xF0 ? 0x90 : 0x80),
            static_cast<unsigned char>(lead == 0xF4 ? 0x8F : 0xBF)};
    return {};
}

/// Bytes at `at` that agree with the sequence their first byte promises.
std::size_t agreeing(std::string_view text, std::size_t at, const Sequence& sequence)
{
    std::size_t length = 1;
    for (; length < sequence.length && at + length < text.size(); ++length) {
        const auto byte = static_cast<unsigned char>(text[at + length]);
        if (length == 1 ? byte < sequence.low || byte > sequence.high : (byte & 0xC0) != 0x80)
            break;
    }
    return length;
}

bool isSpace(char32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

} // namespace

std::size_t sequenceLength(std::string_view text, std::size_t at)
{
    if (at >= text.size())
        return 0;
    const Sequence sequence = sequenceOf(static_cast<unsigned char>(text[at]));
    return sequence.length > 0 && agreeing(text, at, sequence) == sequence.length ? sequence.length : 0;
}

std::size_t invalidLength(std::string_view text, std::size_t at)
{
    const Sequence sequence = sequenceOf(static_cast<unsigned char>(text[at]));
    return sequence.length == 0 ? 1 : agreeing(text, at, sequence);
}

char32_t codePointAt(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return char32_t(static_cast<unsigned char>(text[at + i])); };
    switch (lengthFromLead(text[at])) {
    case 1:
        return byte(0);
    case 2:
        return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
        return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
        return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    }
}

void appendUtf8(std::string& out, char32_t c)
{
    if (c < 0x80) {
        out += char(c);
    } else if (c < 0x800) {
        out += char(0xC0 | (c >> 6));
        out += char(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += char(0xE0 | (c >> 12));
        out += char(0x80 | ((c >> 6) & 0x3F));
        out += char(0x80 | (c & 0x3F));
    } else {
        out += char(0xF0 | (c >> 18));
        out += char(0x80 | ((c >> 12) & 0x3F));
        out += char(0x80 | ((c >> 6) & 0x3F));
        out += char(0x80 | (c & 0x3F));
    }
}

bool isValidUtf8(std::string_view text)
{
    for (std::size_t i = 0; i < text.size();) {
        std::uint64_t eight = 0;
        if (i + sizeof eight <= text.size()) {
            std::memcpy(&eight, text.data() + i, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) { // eight of ASCII
                i += sizeof eight;
                continue;
            }
        }
        const std::size_t length = sequenceLength(text, i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

std::string withReplacements(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequenceLength(text, i);
        out += length > 0 ? text.substr(i, length) : kReplacementCharacter;
        i += length > 0 ? length : invalidLength(text, i);
    }
    return out;
}

std::string inSentence(std::string_view text)
{
    constexpr std::size_t most = 60;
    return shortened(toPrintable(text), most);
}

std::size_t spaceAtBegin(std::string_view text)
{
    return !text.empty() && isSpace(codePointAt(text, 0)) ? lengthFromLead(text[0]) : 0;
}

std::size_t spaceAtEnd(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0) == 0x80) { }
    return !text.empty() && isSpace(codePointAt(text, at)) ? text.size() - at : 0;
}

} // namespace mpo
