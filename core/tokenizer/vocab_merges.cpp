// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/vocab_merges.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "core/support/utf8.h"
#include "core/tokenizer/added_token_files.h"

#include <algorithm>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxMergesBytes = std::size_t(64) << 20; ///< Qwen 2 has 1.7 MB

Vocabulary readVocabulary(const fs::path& file)
{
    const Json json = readJsonFile(file);
    if (!json.is_object() || json.size() > kMaxTokens)
        fail("{}: this is not an object of at most {} tokens", file.string(), kMaxTokens);
    Vocabulary vocabulary;
    vocabulary.reserve(json.size());
    for (const auto& [token, id] : json.items()) {
        if (!id.is_number_integer() || id.get<double>() < 0 || id.get<double>() > kMaxTokenId)
            fail("{}: the token \"{}\" has no possible id", file.string(), inSentence(token));
        vocabulary.emplace(token, id.get<TokenId>());
    }
    return vocabulary;
}

std::vector<std::pair<std::string, std::string>> readMerges(const fs::path& file)
{
    const std::string text = readTextFile(file, kMaxMergesBytes);
    std::vector<std::pair<std::string, std::string>> merges;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line = std::string_view(text).substr(begin, end - begin);
        begin = end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty() || (number == 0 && line.starts_with("#version")))
            continue;
        const std::size_t space = line.find(' ');
        if (space == line.npos || space == 0 || space + 1 == line.size() || line.find(' ', space + 1) != line.npos)
            fail("{}:{}: \"{}\" is not two tokens with a space between them", file.string(), number + 1,
                inSentence(line));
        if (merges.size() >= kMaxTokens)
            fail("{}: more than {} merges", file.string(), kMaxTokens);
        merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    return merges;
}

} // namespace

TokenizerParts readVocabAndMerges(const fs::path& folder)
{
    TokenizerParts parts;
    parts.model.vocabulary = readVocabulary(folder / "vocab.json");
    parts.model.merges = readMerges(folder / "merges.txt");
    const Json config = readTokenizerConfigJson(folder);
    parts.added = readAddedTokenFiles(folder, config, parts.model.vocabulary);

    const bool prefix = flagOf(config, "add_prefix_space", false);
    const std::string type
        = config.contains("tokenizer_class") ? textOfToken(config["tokenizer_class"]) : std::string();
    const auto words = [](std::string_view expression) {
        return SplitStep {Pattern::regex(expression), SplitStep::Behaviour::Isolated, false};
    };
    if (type.starts_with("Qwen2Tokenizer")) {
        parts.normalizer.emplace_back(NormalForm::Nfc);
        parts.preTokenizer.emplace_back(words(kQwen2Words));
        parts.preTokenizer.emplace_back(ByteLevelStep {prefix, std::nullopt});
    } else {
        parts.preTokenizer.emplace_back(ByteLevelStep {prefix, words(kGpt2Words)});
        if (flagOf(config, "add_bos_token", false)) {
            const std::string bos = config.contains("bos_token") ? textOfToken(config["bos_token"]) : std::string();
            const auto known = parts.model.vocabulary.find(bos);
            const auto added = std::find_if(
                parts.added.begin(), parts.added.end(), [&](const AddedToken& token) { return token.text == bos; });
            if (known == parts.model.vocabulary.end() && added == parts.added.end())
                fail("{}: \"add_bos_token\" is set, but there is no \"bos_token\" of the vocabulary",
                    (folder / "tokenizer_config.json").string());
            parts.before = {added != parts.added.end() ? added->id : known->second};
        }
    }
    parts.decoder.emplace().emplace_back(ByteLevelDecoder());
    return parts;
}

} // namespace mpo
