// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"
#include "core/tokenizer/bpe_tokenizer.h"

namespace mpo {

/// tokenizer_config.json of a folder; an empty object where there is none. Throws Error naming the file.
Json readTokenizerConfigJson(const std::filesystem::path& folder);

/// A token is named as text or as an object with "content"; empty: neither.
std::string textOfToken(const Json& json);
bool flagOf(const Json& json, const char* key, bool absent);

/// The added tokens that stand beside a vocabulary without tokenizer.json, by id: "added_tokens_decoder" of
/// tokenizer_config.json, else added_tokens.json and what is named as special. Throws Error naming the file.
std::vector<AddedToken> readAddedTokenFiles(
    const std::filesystem::path& folder, const Json& config, const Vocabulary& vocabulary);

} // namespace mpo
