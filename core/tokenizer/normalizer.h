// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/pattern.h"

#include <variant>

namespace mpo {

enum class NormalForm { Nfc, Nfd, Nfkc, Nfkd };
struct Lowercase
{
};
struct StripAccents
{
};
struct StripSpace
{
    bool left = true, right = true;
};
struct Prepend
{
    std::string text;
};
struct Replace
{
    Pattern pattern;
    std::string content;
};
/// One step of a "normalizer" of tokenizer.json.
using NormalizerStep = std::variant<NormalForm, Lowercase, StripAccents, StripSpace, Prepend, Replace>;

/// A text on its way through the steps.
struct NormalizedText
{
    std::string text;
    /// Which bytes come from where special tokens may be written; empty: not kept. A byte made of several is trusted
    /// only where all of them are.
    std::vector<bool> trusted;
    bool beginKept = true; ///< the first character is made of the original's first
};

void normalize(const std::vector<NormalizerStep>& steps, NormalizedText& text);

} // namespace mpo
