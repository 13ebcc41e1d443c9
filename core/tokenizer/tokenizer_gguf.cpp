// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_gguf.h"

#include "core/support/error.h"
#include "core/support/text.h"
#include "core/support/utf8.h"
#include "core/tokenizer/gguf_words.h"
#include "core/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace mpo {

namespace {

enum class Kind : std::int64_t { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };

constexpr std::size_t kMaxMergedBytes = 256; // of a token made by merging: every way to cut it is tried
const std::string kSpace = "\u2581"; // what SentencePiece writes for a space

/// The keys under tokenizer.ggml.
struct StoredVocabulary
{
    explicit StoredVocabulary(const GgufFile& file);

    bool has(TokenId id, Kind kind) const
    {
        return kinds.empty() ? kind == Kind::Normal : kinds[std::size_t(id)] == kind;
    }
    std::optional<TokenId> special(const char* key) const;
    bool flag(const char* key, bool absent) const
    {
        const bool* value = file.get<bool>(key);
        return value ? *value : absent;
    }

    const GgufFile& file;
    std::vector<std::string> tokens;
    std::vector<Kind> kinds; ///< empty: not given
    std::optional<TokenId> bos, eos, pad, unknown;
};

StoredVocabulary::StoredVocabulary(const GgufFile& file)
    : file(file)
{
    const auto* texts = file.get<std::vector<std::string>>("tokenizer.ggml.tokens");
    if (!texts)
        fail("\"tokenizer.ggml.tokens\" is missing");
    if (texts->size() > kMaxTokens)
        fail("more than {} tokens", kMaxTokens);
    tokens = *texts;
    if (const auto* types = file.get<std::vector<std::int64_t>>("tokenizer.ggml.token_type")) {
        if (types->size() != tokens.size())
            fail("\"tokenizer.ggml.token_type\" has {} elements for {} tokens", types->size(), tokens.size());
        for (const std::int64_t type : *types)
            kinds.push_back(Kind(type));
    }
    bos = special("tokenizer.ggml.bos_token_id");
    eos = special("tokenizer.ggml.eos_token_id");
    pad = special("tokenizer.ggml.padding_token_id");
    unknown = special("tokenizer.ggml.unknown_token_id");
}

std::optional<TokenId> StoredVocabulary::special(const char* key) const
{
    const auto* id = file.get<std::int64_t>(key);
    if (!id || *id < 0 || *id >= std::int64_t(tokens.size()))
        return std::nullopt;
    return TokenId(*id);
}

/// A list of tokens by text; the last of those with one text stays. Appends where an ordered object would search.
Json vocabularyJson(const std::vector<std::string>& tokens)
{
    std::unordered_map<std::string_view, std::size_t> last;
    for (std::size_t id = 0; id < tokens.size(); ++id)
        last[tokens[id]] = id;
    Json::object_t object;
    for (std::size_t id = 0; id < tokens.size(); ++id)
        if (!tokens[id].empty() && last[tokens[id]] == id)
            object.emplace_back(tokens[id], id);
    return Json(std::move(object));
}

Json addedJson(const StoredVocabulary& vocabulary)
{
    Json added = Json::array();
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
        const auto id = TokenId(i);
        // Files without kinds still name what begins and ends a text.
        const bool named = vocabulary.kinds.empty() && (id == vocabulary.bos || id == vocabulary.eos);
        const bool special = named || vocabulary.has(id, Kind::Control) || vocabulary.has(id, Kind::Unknown);
        if ((!special && !vocabulary.has(id, Kind::UserDefined)) || vocabulary.tokens[i].empty()
            || !seen.insert(vocabulary.tokens[i]).second)
            continue;
        added.push_back({{"id", id}, {"content", vocabulary.tokens[i]}, {"single_word", false}, {"lstrip", false},
            {"rstrip", false}, {"normalized", false}, {"special", special}});
    }
    return added;
}

/// What goes in front of a text and behind it.
Json postProcessor(const StoredVocabulary& vocabulary, bool addsBos)
{
    const bool front = vocabulary.flag("tokenizer.ggml.add_bos_token", addsBos) && vocabulary.bos;
    const bool behind = vocabulary.flag("tokenizer.ggml.add_eos_token", false) && vocabulary.eos;
    if (!front && !behind)
        return {};
    Json known = Json::object(), single = Json::array(), pair = Json::array();
    const auto special = [&](TokenId id, int part) {
        const std::string& text = vocabulary.tokens[std::size_t(id)];
        known[text] = {{"id", text}, {"ids", Json::array({id})}, {"tokens", Json::array({text})}};
        return Json {{"SpecialToken", {{"id", text}, {"type_id", part}}}};
    };
    for (const int part : {0, 1}) {
        Json steps = Json::array();
        if (front)
            steps.push_back(special(*vocabulary.bos, part));
        steps.push_back({{"Sequence", {{"id", part == 0 ? "A" : "B"}, {"type_id", part}}}});
        if (behind)
            steps.push_back(special(*vocabulary.eos, part));
        if (part == 0)
            single = steps;
        pair.insert(pair.end(), steps.begin(), steps.end());
    }
    return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", known}};
}

Json modelJson(const std::vector<std::string>& tokens, Json merges)
{
    return {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr}, {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr}, {"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false},
        {"vocab", vocabularyJson(tokens)}, {"merges", std::move(merges)}};
}

Json wholeJson(const StoredVocabulary& vocabulary)
{
    return {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", addedJson(vocabulary)},
        {"normalizer", nullptr}, {"pre_tokenizer", nullptr}, {"post_processor", nullptr}, {"decoder", nullptr},
        {"model", nullptr}};
}

/// The merges of the file, as pairs; nullptr: it has none.
Json storedMerges(const StoredVocabulary& vocabulary)
{
    const auto* stored = vocabulary.file.get<std::vector<std::string>>("tokenizer.ggml.merges");
    if (!stored)
        return {};
    if (stored->size() > kMaxTokens)
        fail("more than {} merges", kMaxTokens);
    Json merges = Json::array();
    for (const std::string& merge : *stored) {
        const std::size_t space = merge.find(' ', 1); // the first of two may be a space itself
        if (space == std::string::npos || space + 1 == merge.size())
            fail("the merge \"{}\" is not two tokens", toPrintable(shortened(merge, 100)));
        merges.push_back({merge.substr(0, space), merge.substr(space + 1)});
    }
    return merges;
}

/// Every way to make a token of two others: by falling rank of the token, then with the longer first part first.
/// (transformers' generate_merges, so that a model saved by either gives the same ids.)
Json derivedMerges(
    const StoredVocabulary& vocabulary, const std::vector<std::string>& tokens, const std::vector<double>& ranks)
{
    std::unordered_map<std::string_view, TokenId> known;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        const Kind kind = vocabulary.kinds.empty() ? Kind::Normal : vocabulary.kinds[id];
        // Nobody may write a special token in pieces.
        const bool merged = kind == Kind::Normal || kind == Kind::UserDefined || kind == Kind::Unused;
        if (merged && tokens[id].size() <= kMaxMergedBytes)
            known[tokens[id]] = TokenId(id);
    }
    struct Way
    {
        double rank;
        std::size_t leftLength, rightLength; ///< in characters
        TokenId left, right;
    };
    std::vector<Way> ways;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        const auto own = known.find(tokens[id]);
        if (own == known.end() || own->second != TokenId(id))
            continue;
        const std::string_view text = tokens[id];
        std::vector<std::size_t> cuts;
        for (std::size_t i = 0; i < text.size(); i += lengthFromLead(text[i]))
            cuts.push_back(i);
        const std::size_t begin = ways.size();
        for (std::size_t k = 1; k < cuts.size(); ++k) {
            const auto left = known.find(text.substr(0, cuts[k])), right = known.find(text.substr(cuts[k]));
            if (left != known.end() && right != known.end())
                ways.push_back({ranks[id], k, cuts.size() - k, left->second, right->second});
        }
        std::sort(ways.begin() + std::ptrdiff_t(begin), ways.end(),
            [](const Way& a, const Way& b) { return std::pair(a.left, a.right) < std::pair(b.left, b.right); });
    }
    std::stable_sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
        return std::tuple(a.rank, a.leftLength, a.rightLength) > std::tuple(b.rank, b.leftLength, b.rightLength);
    });
    Json merges = Json::array();
    for (const Way& way : ways)
        merges.push_back({tokens[std::size_t(way.left)], tokens[std::size_t(way.right)]});
    return merges;
}

Json byteLevelJson(const StoredVocabulary& vocabulary)
{
    const auto* name = vocabulary.file.get<std::string>("tokenizer.ggml.pre");
    const GgufWords words
        = ggufWords(name ? *name : "default", vocabulary.flag("tokenizer.ggml.add_space_prefix", false));
    Json json = wholeJson(vocabulary);
    json["normalizer"] = words.normalizer;
    json["pre_tokenizer"] = words.preTokenizer;
    json["post_processor"] = postProcessor(vocabulary, words.addsBos);
    json["decoder"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
    Json merges = storedMerges(vocabulary);
    if (merges.is_null())
        fail("\"tokenizer.ggml.merges\" is missing");
    json["model"] = modelJson(vocabulary.tokens, std::move(merges));
    json["model"]["ignore_merges"] = words.ignoreMerges;
    return json;
}

Json replace(const std::string& from, const std::string& to)
{
    return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

Json sentencePieceJson(const StoredVocabulary& vocabulary, const std::string& architecture)
{
    std::vector<std::string> tokens = vocabulary.tokens;
    const bool gemma = architecture.starts_with("gemma"), phi3 = architecture == "phi3";
    std::vector<double> ranks(tokens.size());
    if (gemma) {
        // Runs of spaces stand there as spaces; and it is the order of the tokens that tells which merge goes first.
        for (std::size_t id = 0; id < tokens.size(); ++id) {
            ranks[id] = -double(id);
            if (tokens[id].size() > 1 && tokens[id].find_first_not_of(' ') == std::string::npos) {
                std::string run;
                for (std::size_t i = 0; i < tokens[id].size(); ++i)
                    run += kSpace;
                tokens[id] = run;
            }
        }
    } else if (const auto* scores = vocabulary.file.get<std::vector<double>>("tokenizer.ggml.scores")) {
        if (scores->size() != tokens.size())
            fail("\"tokenizer.ggml.scores\" has {} elements for {} tokens", scores->size(), tokens.size());
        ranks = *scores;
        if (std::any_of(ranks.begin(), ranks.end(), [](double rank) { return rank != rank; }))
            fail("\"tokenizer.ggml.scores\" holds what is no number");
    }
    Json merges = storedMerges(vocabulary);
    if (merges.is_null())
        merges = derivedMerges(vocabulary, tokens, ranks);

    const bool prefix = vocabulary.flag("tokenizer.ggml.add_space_prefix", true) && !gemma;
    Json json = wholeJson(vocabulary);
    Json decoders = {replace(kSpace, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
    if (prefix)
        decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    json["decoder"] = {{"type", "Sequence"}, {"decoders", decoders}};
    // What the models' own tokenizer.json has; nothing in the file tells them apart.
    if (gemma) {
        json["normalizer"] = replace(" ", kSpace);
    } else if (phi3 && prefix) {
        json["normalizer"] = {
            {"type", "Sequence"}, {"normalizers", {{{"type", "Prepend"}, {"prepend", kSpace}}, replace(" ", kSpace)}}};
    } else {
        json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", kSpace},
            {"prepend_scheme", prefix ? "first" : "never"}, {"split", false}};
    }
    json["post_processor"] = postProcessor(vocabulary, true);
    json["model"] = modelJson(tokens, std::move(merges));
    const TokenId unknown = vocabulary.unknown.value_or(0);
    json["model"]["unk_token"] = std::size_t(unknown) < tokens.size() ? Json(tokens[std::size_t(unknown)]) : Json();
    json["model"]["fuse_unk"] = true;
    json["model"]["byte_fallback"] = true;
    return json;
}

/// Runs a step that does not know its file and puts the file in front of its sentence.
template<class Step>
auto inFile(const GgufFile& file, Step step)
{
    try {
        return step();
    } catch (const Json::exception& error) {
        fail("{}: the tokenizer cannot be read ({})", file.path().string(), error.what());
    } catch (const Error& error) {
        const std::string path = file.path().string();
        if (std::string_view(error.what()).starts_with(path))
            throw;
        fail("{}: {}", path, error.what());
    }
}

} // namespace

std::optional<GgufTokenizerFiles> ggufTokenizerFiles(const GgufFile& file)
{
    const auto* kind = file.get<std::string>("tokenizer.ggml.model");
    if (!kind || *kind == "no_vocab" || *kind == "none")
        return std::nullopt;
    return inFile(file, [&] {
        const auto* architecture = file.get<std::string>("general.architecture");
        if (*kind != "gpt2" && *kind != "llama")
            fail("the tokenizer \"{}\" is not supported; there are gpt2 (byte-level) and llama (SentencePiece)",
                toPrintable(shortened(*kind, 40)));
        const StoredVocabulary vocabulary(file);
        GgufTokenizerFiles files;
        files.tokenizer = *kind == "gpt2" ? byteLevelJson(vocabulary)
                                          : sentencePieceJson(vocabulary, architecture ? *architecture : std::string());
        files.config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
        if (const auto* length
            = file.get<std::int64_t>((architecture ? *architecture : std::string()) + ".context_length"))
            files.config["model_max_length"] = *length;
        for (const auto& [key, id] : {std::pair {"bos_token", vocabulary.bos}, {"eos_token", vocabulary.eos},
                 {"pad_token", vocabulary.pad}, {"unk_token", vocabulary.unknown}})
            if (id)
                files.config[key] = vocabulary.tokens[std::size_t(*id)];
        if (const auto* text = file.get<std::string>("tokenizer.chat_template"))
            files.config["chat_template"] = *text;
        return std::optional(std::move(files));
    });
}

std::shared_ptr<const Tokenizer> loadGgufTokenizer(const GgufFile& file)
{
    const std::optional<GgufTokenizerFiles> files = ggufTokenizerFiles(file);
    if (!files)
        return nullptr;
    return inFile(file, [&] {
        auto tokenizer = std::make_shared<BpeTokenizer>(readTokenizerJson(files->tokenizer));
        tokenizer->file = file.path();
        tokenizer->files
            = {{"tokenizer.json", files->tokenizer.dump()}, {"tokenizer_config.json", files->config.dump(2)}};
        const auto text = [&](const char* key) { return files->config.value(key, std::string()); };
        const auto id = [&](const std::string& token) { return token.empty() ? std::nullopt : tokenizer->idOf(token); };
        tokenizer->bosText = text("bos_token");
        tokenizer->eosText = text("eos_token");
        tokenizer->padText = text("pad_token");
        tokenizer->unkText = text("unk_token");
        tokenizer->bos = id(tokenizer->bosText);
        tokenizer->eos = id(tokenizer->eosText);
        tokenizer->pad = id(tokenizer->padText);
        tokenizer->chatTemplate = text("chat_template");
        return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
    });
}

} // namespace mpo
