// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Text to token ids and back, as in a Hugging Face tokenizer.json. Immutable after loading; every member may be called
/// on any thread.
class Tokenizer
{
public:
    /// Reads tokenizer.json or, where there is none, vocab.json with merges.txt, or a SentencePiece tokenizer.model;
    /// from tokenizer_config.json / special_tokens_map.json and generation_config.json / config.json beside it BOS, EOS
    /// and PAD, and the chat template from tokenizer_config.json or, before that, chat_template.jinja. `folderOrFile`:
    /// a model folder, one of the three files or a GGUF file. Throws Error naming the file and what is missing or not
    /// supported.
    static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& folderOrFile);
    static bool isIn(const std::filesystem::path& folder);
    /// Names of all files that load() may read, but those of the model: copied together they give the same tokenizer.
    static const std::vector<std::string>& fileNames();
    virtual ~Tokenizer() = default;

    /// `specialInText`: whether added special tokens written in the text become their id. For text of users and data:
    /// No. Added tokens that are not special (runs of spaces, perhaps) always do.
    enum class SpecialInText { No, Yes };
    /// Without the template's BOS/EOS. Invalid UTF-8 is replaced by U+FFFD.
    virtual TokenIds encode(std::string_view text, SpecialInText special = SpecialInText::Yes) const = 0;
    /// As transformers' tokenizer(text): with what the post-processor adds (a BOS in front, perhaps).
    virtual TokenIds encodeWithTemplate(std::string_view text, SpecialInText special = SpecialInText::Yes) const = 0;

    /// A stretch of a text and whether it comes from us (a chat template) or from users and data.
    struct TextPart
    {
        std::string_view text;
        bool trusted = false;
    };
    /// Encodes the joined text as one: words and merges run across the borders of parts. An added special token is
    /// recognised only where all its bytes come from trusted parts, so users cannot write one; added tokens that are
    /// not special always are. Adds no BOS/EOS.
    virtual TokenIds encodeParts(std::span<const TextPart> parts) const = 0;

    enum class SpecialTokens { Keep, Skip };
    /// Ids outside the vocabulary are left out.
    virtual std::string decode(const TokenIds& ids, SpecialTokens special = SpecialTokens::Keep) const = 0;

    virtual std::int64_t vocabularySize() const = 0; ///< largest id + 1
    virtual std::optional<TokenId> idOf(std::string_view token) const = 0; ///< "<|endoftext|>" -> 0
    virtual std::optional<std::string> tokenOf(TokenId id) const = 0; ///< as written in the vocabulary

    std::optional<TokenId> bos, eos, pad; ///< empty: the model has none
    std::string eosText; ///< as appended to responses; empty: none
    /// As tokenizer_config.json or special_tokens_map.json writes them (what chat templates know as bos_token and so
    /// on); empty: not given there.
    std::string bosText, padText, unkText;
    std::string chatTemplate; ///< source of the (default) chat template, Jinja; empty: none
    std::filesystem::path file; ///< where it was read; with its fileNames() copied beside models
    /// By name: what is written beside models instead, where it was no Hugging Face file (GGUF).
    std::map<std::string, std::string> files;
};

} // namespace mpo
