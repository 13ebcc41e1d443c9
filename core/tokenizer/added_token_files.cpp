// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_token_files.h"

#include "core/support/error.h"
#include "core/support/utf8.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace fs = std::filesystem;

namespace mpo {

namespace {

Json readIfThere(const fs::path& file)
{
    Json json = fs::exists(file) ? readJsonFile(file) : Json::object();
    if (!json.is_object())
        fail("{}: this is not an object", file.string());
    return json;
}

TokenId idFrom(const std::string& text, const fs::path& file)
{
    TokenId id = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id < 0 || id > kMaxTokenId)
        fail("{}: the added token \"{}\" has no possible id", file.string(), inSentence(text));
    return id;
}

} // namespace

Json readTokenizerConfigJson(const fs::path& folder) { return readIfThere(folder / "tokenizer_config.json"); }

bool flagOf(const Json& json, const char* key, bool absent)
{
    return json.is_object() && json.contains(key) && json[key].is_boolean() ? json[key].get<bool>() : absent;
}

std::string textOfToken(const Json& json)
{
    if (json.is_object() && json.contains("content"))
        return textOfToken(json["content"]);
    return json.is_string() ? json.get<std::string>() : std::string();
}

std::vector<AddedToken> readAddedTokenFiles(const fs::path& folder, const Json& config, const Vocabulary& vocabulary)
{
    std::map<TokenId, AddedToken> byId;
    const fs::path file = folder / "tokenizer_config.json", older = folder / "added_tokens.json";
    if (config.contains("added_tokens_decoder") && config["added_tokens_decoder"].is_object()) {
        for (const auto& [id, token] : config["added_tokens_decoder"].items())
            byId[idFrom(id, file)] = {textOfToken(token), idFrom(id, file), flagOf(token, "special", false),
                flagOf(token, "lstrip", false), flagOf(token, "rstrip", false), flagOf(token, "normalized", true),
                flagOf(token, "single_word", false)};
    } else {
        const Json map = readIfThere(folder / "special_tokens_map.json");
        std::vector<Json> special;
        for (const Json* source : {&config, &map})
            for (const auto& [key, value] : source->items()) {
                if (key.ends_with("_token"))
                    special.push_back(value);
                else if (key == "additional_special_tokens" && value.is_array())
                    special.insert(special.end(), value.begin(), value.end());
            }
        const auto isSpecial = [&](const std::string& text) {
            return std::any_of(
                special.begin(), special.end(), [&](const Json& json) { return textOfToken(json) == text; });
        };
        const Json numbered = readIfThere(older);
        for (const auto& [text, id] : numbered.items()) {
            if (!id.is_number_integer())
                fail("{}: the added token \"{}\" has no possible id", older.string(), inSentence(text));
            byId[id.get<TokenId>()]
                = {text, idFrom(id.dump(), older), isSpecial(text), false, false, !isSpecial(text), false};
        }
        for (const Json& json : special)
            if (const auto found = vocabulary.find(textOfToken(json)); found != vocabulary.end())
                byId[found->second]
                    = {found->first, found->second, true, flagOf(json, "lstrip", false), flagOf(json, "rstrip", false),
                        flagOf(json, "normalized", false), flagOf(json, "single_word", false)};
    }
    std::vector<AddedToken> added;
    for (auto& [id, token] : byId) {
        if (const auto found = vocabulary.find(token.text); found != vocabulary.end() && found->second != id)
            fail("{}: the added token \"{}\" has the id {}, but {} in vocab.json", folder.string(),
                inSentence(token.text), id, found->second);
        if (!token.text.empty())
            added.push_back(std::move(token));
    }
    return added;
}

} // namespace mpo
