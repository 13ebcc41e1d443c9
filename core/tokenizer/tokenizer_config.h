// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer.h"

namespace mpo {

/// Fills the special tokens, their texts and the chat template from what stands beside a vocabulary in `folder`:
/// tokenizer_config.json, special_tokens_map.json, chat_template.jinja, chat_template.json, generation_config.json and
/// config.json; all may be missing. Throws Error naming the file and field that is not usable.
void readTokenizerConfig(const std::filesystem::path& folder, Tokenizer& tokenizer);

} // namespace mpo
