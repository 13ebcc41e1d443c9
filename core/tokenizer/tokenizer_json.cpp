// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/json.h"
#include "core/tokenizer/byte_level_bpe.h"
#include "core/tokenizer/tokenizer_config.h"

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr auto kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

std::string typeOf(const Json& part) { return part.is_object() ? part.value("type", std::string()) : std::string(); }

SplitStep::Behaviour behaviourOf(const std::string& name)
{
    using Behaviour = SplitStep::Behaviour;
    for (const auto& [text, value] : {std::pair {"Isolated", Behaviour::Isolated}, {"Removed", Behaviour::Removed},
             {"MergedWithPrevious", Behaviour::MergedWithPrevious}, {"MergedWithNext", Behaviour::MergedWithNext},
             {"Contiguous", Behaviour::Contiguous}})
        if (name == text)
            return value;
    fail("tokenizer.json: the split behaviour \"{}\" is not known", name);
}

void addPreTokenizer(const Json& part, BytePairParts& parts)
{
    const std::string type = typeOf(part);
    if (part.is_null())
        return;
    if (type == "Sequence") {
        for (const Json& inner : part.at("pretokenizers"))
            addPreTokenizer(inner, parts);
    } else if (type == "ByteLevel") {
        parts.addPrefixSpace = part.value("add_prefix_space", true);
        if (parts.addPrefixSpace && !parts.steps.empty())
            fail("tokenizer.json: ByteLevel with add_prefix_space behind another pre-tokenizer is not supported");
        if (part.value("use_regex", true))
            parts.steps.push_back({SplitPattern(kGpt2Pattern, false), SplitStep::Behaviour::Isolated, false});
    } else if (type == "Digits") {
        const bool individual = part.value("individual_digits", false);
        parts.steps.push_back(
            {SplitPattern(individual ? R"(\p{N})" : R"(\p{N}+)", false), SplitStep::Behaviour::Isolated, false});
    } else if (type == "Split") {
        const Json& pattern = part.at("pattern");
        const bool literal = pattern.contains("String");
        parts.steps.push_back({SplitPattern(pattern.at(literal ? "String" : "Regex").get<std::string>(), literal),
            behaviourOf(part.value("behavior", std::string())), part.value("invert", false)});
    } else {
        fail("tokenizer.json: the pre-tokenizer \"{}\" is not supported; there are ByteLevel, Split, Digits and "
             "Sequence",
            type);
    }
}

void addPostProcessor(const Json& part, BytePairParts& parts)
{
    const std::string type = typeOf(part);
    if (part.is_null() || type == "ByteLevel")
        return;
    if (type == "Sequence") {
        for (const Json& inner : part.at("processors"))
            addPostProcessor(inner, parts);
        return;
    }
    if (type != "TemplateProcessing")
        fail("tokenizer.json: the post-processor \"{}\" is not supported; there are ByteLevel, TemplateProcessing and "
             "Sequence",
            type);
    bool behind = false;
    for (const Json& piece : part.at("single")) {
        if (piece.contains("Sequence")) {
            behind = true;
            continue;
        }
        const auto id = piece.at("SpecialToken").at("id").get<std::string>();
        for (const Json& value : part.at("special_tokens").at(id).at("ids"))
            (behind ? parts.after : parts.before).push_back(value.get<TokenId>());
    }
}

std::shared_ptr<ByteLevelBpe> readTokenizer(const Json& json)
{
    const Json none;
    const auto part = [&](const char* key) -> const Json& { return json.contains(key) ? json[key] : none; };
    if (const Json& normalizer = part("normalizer"); !normalizer.is_null()
        && !(typeOf(normalizer) == "Sequence" && normalizer.value("normalizers", Json::array()).empty()))
        fail("tokenizer.json: the normalizer \"{}\" is not supported yet; there is none (null)", typeOf(normalizer));
    const Json& model = json.at("model");
    if (const std::string type = model.value("type", std::string("BPE")); type != "BPE")
        fail("tokenizer.json: the model \"{}\" is not supported; there is BPE (byte-level)", type);
    if (model.value("byte_fallback", false))
        fail("tokenizer.json: SentencePiece-like BPE with byte fallback is not supported yet; there is byte-level BPE");
    BytePairParts parts;
    if (model.at("vocab").size() > 1'000'000 || model.at("merges").size() > 1'000'000)
        fail("tokenizer.json: more than 1,000,000 tokens or merges");
    for (const auto& [text, id] : model.at("vocab").items())
        parts.vocabulary.emplace(text, id.get<TokenId>());
    for (const Json& merge : model.at("merges")) {
        if (merge.is_array()) {
            parts.merges.emplace_back(merge.at(0).get<std::string>(), merge.at(1).get<std::string>());
            continue;
        }
        const auto text = merge.get<std::string>();
        const std::size_t space = text.find(' ');
        if (space == std::string::npos)
            fail("tokenizer.json: the merge \"{}\" is not two tokens", text);
        parts.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
    }
    parts.ignoreMerges = model.value("ignore_merges", false);
    addPreTokenizer(part("pre_tokenizer"), parts);
    addPostProcessor(part("post_processor"), parts);
    if (const Json& added = part("added_tokens"); added.is_array())
        for (const Json& token : added) {
            if (token.value("single_word", false))
                fail("tokenizer.json: added tokens with single_word are not supported");
            parts.added.push_back({token.at("content").get<std::string>(), token.at("id").get<TokenId>(),
                token.value("special", false), token.value("lstrip", false), token.value("rstrip", false),
                token.value("normalized", false) ? AddedToken::Search::Second : AddedToken::Search::First});
        }
    return std::make_shared<ByteLevelBpe>(std::move(parts));
}

} // namespace

std::shared_ptr<const Tokenizer> Tokenizer::load(const fs::path& folderOrFile)
{
    const fs::path file = fs::is_directory(folderOrFile) ? folderOrFile / "tokenizer.json" : folderOrFile;
    const Json json = readJsonFile(file);
    std::shared_ptr<ByteLevelBpe> tokenizer;
    try {
        tokenizer = readTokenizer(json);
    } catch (const Json::exception& error) {
        fail("{}: a field is missing or of the wrong type ({})", file.string(), error.what());
    } catch (const Error& error) {
        fail("{}: {}", file.parent_path().string(), error.what());
    }
    tokenizer->file = file;
    readTokenizerConfig(file.parent_path(), *tokenizer);
    return tokenizer;
}

} // namespace mpo
