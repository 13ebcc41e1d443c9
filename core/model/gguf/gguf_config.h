// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/gguf_file.h"
#include "core/support/json.h"

#include <string>

namespace mpo {

/// The config.json that says the same as the metadata and tensors of a GGUF file, in the spelling that transformers 4
/// and 5 both read. Throws Error naming the file and a key that is missing or an architecture that is not known.
Json ggufConfig(const GgufFile& file);

/// general.architecture: "llama"
std::string ggufArchitecture(const GgufFile& file);

/// Ids of the special tokens, as in generation_config.json; a response may end with either of EOS and end of turn.
Json ggufGenerationConfig(const GgufFile& file);

} // namespace mpo
