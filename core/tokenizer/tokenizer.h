// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// Text to token ids and back, as in a Hugging Face tokenizer.json. Immutable after loading; every member may be called
/// on any thread.
class Tokenizer
{
public:
    /// Reads tokenizer.json, and the names of BOS, EOS and PAD from tokenizer_config.json / special_tokens_map.json and
    /// generation_config.json / config.json beside it. `folderOrFile`: a model folder or the tokenizer.json itself.
    /// Throws Error naming what is missing or not supported (with the types that are).
    static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& folderOrFile);
    virtual ~Tokenizer() = default;

    /// `specialInText`: whether added special tokens written in the text become their id. For text of users and data:
    /// No. Added tokens that are not special (runs of spaces, perhaps) always do.
    enum class SpecialInText { No, Yes };
    /// Without the template's BOS/EOS. Invalid UTF-8 is replaced by U+FFFD.
    virtual TokenIds encode(std::string_view text, SpecialInText special = SpecialInText::Yes) const = 0;
    /// As transformers' tokenizer(text): with what the post-processor adds (a BOS in front, perhaps).
    virtual TokenIds encodeWithTemplate(std::string_view text, SpecialInText special = SpecialInText::Yes) const = 0;

    enum class SpecialTokens { Keep, Skip };
    /// Ids outside the vocabulary are left out.
    virtual std::string decode(const TokenIds& ids, SpecialTokens special = SpecialTokens::Keep) const = 0;

    virtual std::int64_t vocabularySize() const = 0; ///< largest id + 1
    virtual std::optional<TokenId> idOf(std::string_view token) const = 0; ///< "<|endoftext|>" -> 0
    virtual std::optional<std::string> tokenOf(TokenId id) const = 0; ///< as written in the vocabulary

    std::optional<TokenId> bos, eos, pad; ///< empty: the model has none
    std::string eosText; ///< as appended to responses; empty: none
    std::filesystem::path file; ///< where it was read; copied beside models
};

} // namespace mpo
