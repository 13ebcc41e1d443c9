// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_alphabet.h"

#include "core/support/utf8.h"

namespace mpo {

namespace {

constexpr char32_t kFirstMoved = 256; ///< bytes that cannot be printed stand from here on

bool isPrintable(int byte) { return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE; }

} // namespace

const std::array<std::string, 256>& byteAlphabet()
{
    static const std::array<std::string, 256> alphabet = [] {
        std::array<std::string, 256> letters;
        char32_t next = kFirstMoved;
        for (int byte = 0; byte < 256; ++byte)
            appendUtf8(letters[std::size_t(byte)], isPrintable(byte) ? char32_t(byte) : next++);
        return letters;
    }();
    return alphabet;
}

std::string toByteAlphabet(std::string_view bytes)
{
    std::string letters;
    letters.reserve(2 * bytes.size());
    for (const char byte : bytes)
        letters += byteAlphabet()[static_cast<unsigned char>(byte)];
    return letters;
}

std::optional<std::string> fromByteAlphabet(std::string_view letters)
{
    static const std::string moved = [] {
        std::string bytes;
        for (int byte = 0; byte < 256; ++byte)
            if (!isPrintable(byte))
                bytes += char(byte);
        return bytes;
    }();
    std::string bytes;
    for (std::size_t i = 0; i < letters.size(); i += lengthFromLead(letters[i])) {
        const char32_t c = codePointAt(letters, i);
        if (c < kFirstMoved && isPrintable(int(c)))
            bytes += char(c);
        else if (c >= kFirstMoved && c - kFirstMoved < moved.size())
            bytes += moved[c - kFirstMoved];
        else
            return std::nullopt;
    }
    return bytes;
}

} // namespace mpo
