// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"
#include "core/tokenizer/bpe_tokenizer.h"

namespace mpo {

/// Reads the content of a tokenizer.json of the package tokenizers. Throws Error (without the file's name) for what is
/// missing, broken or not supported.
TokenizerParts readTokenizerJson(const Json& json);

/// The steps for one part of a tokenizer.json, also for other readers.
std::vector<NormalizerStep> readNormalizer(const Json& part);
std::vector<PreTokenizerStep> readPreTokenizer(const Json& part);
std::optional<std::vector<DecoderStep>> readDecoder(const Json& part);

/// The ids that the package gives to added tokens: the one of the vocabulary, else the next free one; what the file
/// says does not count. Of several with one id or one text the last stays.
void giveIds(std::vector<AddedToken>& added, const Vocabulary& vocabulary);

} // namespace mpo
