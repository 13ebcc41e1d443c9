// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/decoder.h"

#include "core/support/utf8.h"
#include "core/tokenizer/byte_alphabet.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mpo {

namespace {

using Tokens = std::vector<std::string>;

std::string joined(const Tokens& tokens)
{
    std::string text;
    for (const std::string& token : tokens)
        text += token;
    return text;
}

void apply(const ByteLevelDecoder&, Tokens& tokens)
{
    std::string bytes;
    for (std::string& token : tokens)
        bytes += fromByteAlphabet(token).value_or(token);
    tokens = {isValidUtf8(bytes) ? std::move(bytes) : withReplacements(bytes)};
}

/// The byte of a token like <0x0A>.
std::optional<char> byteOf(std::string_view token)
{
    constexpr std::string_view begin = "<0x";
    if (token.size() != 6 || !token.starts_with(begin) || !token.ends_with('>'))
        return std::nullopt;
    unsigned char byte = 0;
    const char *digits = token.data() + begin.size(), *end = digits + 2;
    if (*digits == '+') // the package reads such a number too
        ++digits;
    const auto [stop, error] = std::from_chars(digits, end, byte, 16);
    return error == std::errc() && stop == end ? std::optional(char(byte)) : std::nullopt;
}

void apply(const ByteFallbackDecoder&, Tokens& tokens)
{
    Tokens result;
    std::string bytes;
    const auto flush = [&] {
        if (isValidUtf8(bytes) && !bytes.empty())
            result.push_back(bytes);
        else
            result.insert(result.end(), bytes.size(), std::string(kReplacementCharacter));
        bytes.clear();
    };
    for (std::string& token : tokens) {
        if (const auto byte = byteOf(token)) {
            bytes += *byte;
            continue;
        }
        flush();
        result.push_back(std::move(token));
    }
    flush();
    tokens = std::move(result);
}

void apply(const FuseDecoder&, Tokens& tokens) { tokens = {joined(tokens)}; }

void apply(const StripDecoder& strip, Tokens& tokens)
{
    for (std::string& token : tokens) {
        std::string_view rest = token;
        for (std::size_t i = 0; i < strip.start && rest.starts_with(strip.content); ++i)
            rest.remove_prefix(strip.content.size());
        for (std::size_t i = 0; i < strip.stop && rest.ends_with(strip.content); ++i)
            rest.remove_suffix(strip.content.size());
        token = std::string(rest);
    }
}

void apply(const MetaspaceDecoder& metaspace, Tokens& tokens)
{
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::string text;
        for (std::size_t at = 0; at < tokens[i].size();) {
            const std::size_t found = std::min(tokens[i].find(metaspace.replacement, at), tokens[i].size());
            text += std::string_view(tokens[i]).substr(at, found - at);
            if (found < tokens[i].size() && !(i == 0 && metaspace.dropsInFirst))
                text += ' ';
            at = found + metaspace.replacement.size();
        }
        tokens[i] = std::move(text);
    }
}

void apply(const Replace& replace, Tokens& tokens)
{
    std::vector<Pattern::Part> parts;
    for (std::string& token : tokens) {
        if (token.empty())
            continue;
        parts.clear();
        replace.pattern.split(token, parts);
        std::string text;
        for (const Pattern::Part& part : parts)
            text += part.match ? std::string_view(replace.content) : part.text;
        token = std::move(text);
    }
}

} // namespace

std::string decodeTokens(const std::vector<DecoderStep>& steps, std::vector<std::string> tokens)
{
    for (const DecoderStep& step : steps)
        std::visit([&](const auto& kind) { apply(kind, tokens); }, step);
    return tokens.size() == 1 ? std::move(tokens.front()) : joined(tokens);
}

} // namespace mpo
