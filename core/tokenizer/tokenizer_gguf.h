// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/gguf_file.h"
#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <optional>

namespace mpo {

/// The files of a Hugging Face folder that say the same as the tokenizer in a GGUF file.
struct GgufTokenizerFiles
{
    Json tokenizer; ///< tokenizer.json
    Json config; ///< tokenizer_config.json, with the chat template
};

/// Empty: the file has none. Throws Error naming the file and a kind of tokenizer that is not known.
std::optional<GgufTokenizerFiles> ggufTokenizerFiles(const GgufFile& file);

/// nullptr: the file has none. What is to be written beside models stands in Tokenizer::files.
std::shared_ptr<const Tokenizer> loadGgufTokenizer(const GgufFile& file);

} // namespace mpo
