// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/normalizer.h"

namespace mpo {

/// Letters become bytes again (byteAlphabet).
struct ByteLevelDecoder
{
};
/// Tokens <0x00> to <0xFF> become bytes.
struct ByteFallbackDecoder
{
};
/// All tokens become one.
struct FuseDecoder
{
};
/// Takes up to so many times `content` from the begin and the end of each token.
struct StripDecoder
{
    std::string content;
    std::size_t start = 0, stop = 0;
};
/// `replacement` becomes a space, or nothing in the first token.
struct MetaspaceDecoder
{
    std::string replacement;
    bool dropsInFirst = true;
};
/// One step of a "decoder" of tokenizer.json.
using DecoderStep
    = std::variant<ByteLevelDecoder, ByteFallbackDecoder, FuseDecoder, StripDecoder, MetaspaceDecoder, Replace>;

/// Texts of tokens to the text they make.
std::string decodeTokens(const std::vector<DecoderStep>& steps, std::vector<std::string> tokens);

} // namespace mpo
