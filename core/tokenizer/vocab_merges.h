// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/bpe_tokenizer.h"

#include <filesystem>

namespace mpo {

/// A folder with vocab.json and merges.txt (byte-level): the older form of GPT-2 and Qwen 2. Added tokens come from
/// tokenizer_config.json ("added_tokens_decoder"), else from added_tokens.json and special_tokens_map.json. The class
/// that tokenizer_config.json names decides how words are made: Qwen2Tokenizer has its own expression and NFC; every
/// other class gets GPT-2's, with "add_prefix_space" and "add_bos_token" as given there. Throws Error naming the file.
TokenizerParts readVocabAndMerges(const std::filesystem::path& folder);

} // namespace mpo
