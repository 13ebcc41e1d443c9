// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <string>
#include <string_view>

namespace mpo {

/// What the name of a pre-tokenizer (tokenizer.ggml.pre) of a byte-level vocabulary stands for.
struct GgufWords
{
    Json preTokenizer, normalizer; ///< of tokenizer.json
    bool ignoreMerges = false;
    bool addsBos = false; ///< where the file does not say
};

/// Throws Error listing the known names; it does not name the file.
GgufWords ggufWords(const std::string& name, bool addPrefixSpace);

} // namespace mpo
