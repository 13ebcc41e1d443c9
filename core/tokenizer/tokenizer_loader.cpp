// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/tokenizer/added_token_files.h"
#include "core/tokenizer/sentencepiece_model.h"
#include "core/tokenizer/tokenizer_config.h"
#include "core/tokenizer/tokenizer_gguf.h"
#include "core/tokenizer/tokenizer_json.h"
#include "core/tokenizer/vocab_merges.h"

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxModelBytes = std::size_t(64) << 20; ///< of a tokenizer.model; Gemma's has 4 MB

/// The file of a folder that holds the vocabulary; empty: none.
fs::path fileIn(const fs::path& folder)
{
    for (const char* name : {"tokenizer.json", "vocab.json", "tokenizer.model"})
        if (fs::exists(folder / name) && (name != std::string_view("vocab.json") || fs::exists(folder / "merges.txt")))
            return folder / name;
    return {};
}

/// A SentencePiece model with what stands beside it.
TokenizerParts readModelFolder(const fs::path& folder, std::string_view bytes)
{
    TokenizerParts parts = readSentencePieceModel(bytes);
    const Json config = readTokenizerConfigJson(folder);
    for (AddedToken& token : readAddedTokenFiles(folder, config, parts.model.vocabulary)) {
        std::erase_if(parts.added, [&](const AddedToken& known) { return known.id == token.id; });
        parts.added.push_back(std::move(token));
    }
    if (!flagOf(config, "add_bos_token", true))
        parts.before.clear();
    if (const auto eos = parts.model.vocabulary.find(kModelEos);
        flagOf(config, "add_eos_token", false) && eos != parts.model.vocabulary.end())
        parts.after = {eos->second};
    return parts;
}

} // namespace

bool Tokenizer::isIn(const fs::path& folder) { return !fileIn(folder).empty(); }

const std::vector<std::string>& Tokenizer::fileNames()
{
    static const std::vector<std::string> names {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model",
        "added_tokens.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
        "chat_template.json"};
    return names;
}

std::shared_ptr<const Tokenizer> Tokenizer::load(const fs::path& folderOrFile)
{
    if (isGgufFile(folderOrFile)) {
        auto tokenizer = loadGgufTokenizer(GgufFile(folderOrFile));
        if (!tokenizer)
            fail("{}: there is no tokenizer in this file", folderOrFile.string());
        return tokenizer;
    }
    const fs::path file = fs::is_directory(folderOrFile) ? fileIn(folderOrFile) : folderOrFile;
    if (file.empty())
        fail("{}: there is no tokenizer.json here, nor vocab.json with merges.txt, nor tokenizer.model",
            folderOrFile.string());
    const fs::path folder = file.parent_path();
    std::shared_ptr<BpeTokenizer> tokenizer;
    if (file.filename() == "vocab.json") {
        TokenizerParts parts = readVocabAndMerges(folder); // its sentences name one of several files
        try {
            tokenizer = std::make_shared<BpeTokenizer>(std::move(parts));
        } catch (const Error& error) {
            fail("{}: {}", (folder / "merges.txt").string(), error.what());
        }
    } else {
        const bool isModel = file.extension() == ".model";
        const std::string bytes = isModel ? readTextFile(file, kMaxModelBytes) : std::string();
        const Json json = isModel ? Json() : readJsonFile(file);
        try {
            tokenizer
                = std::make_shared<BpeTokenizer>(isModel ? readModelFolder(folder, bytes) : readTokenizerJson(json));
        } catch (const Error& error) {
            fail("{}: {}", file.string(), error.what());
        }
    }
    tokenizer->file = file;
    readTokenizerConfig(folder, *tokenizer);
    if (file.extension() == ".model" && !tokenizer->bos)
        tokenizer->bos = tokenizer->idOf(kModelBos);
    if (file.extension() == ".model" && !tokenizer->eos) {
        tokenizer->eos = tokenizer->idOf(kModelEos);
        tokenizer->eosText = tokenizer->eos ? kModelEos : "";
    }
    return tokenizer;
}

} // namespace mpo
