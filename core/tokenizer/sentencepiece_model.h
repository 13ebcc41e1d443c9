// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/bpe_tokenizer.h"

namespace mpo {

constexpr auto kModelBos = "<s>", kModelEos = "</s>"; ///< as SentencePiece calls them

/// Reads the content of a SentencePiece model (tokenizer.model) of the BPE type that changes nothing but spaces in its
/// texts, as of Llama 2 and Mistral; <s> goes in front, as transformers has it for them. Throws Error (without the
/// file's name) for what is broken, of another type, or has a table of replaced characters.
TokenizerParts readSentencePieceModel(std::string_view bytes);

} // namespace mpo
