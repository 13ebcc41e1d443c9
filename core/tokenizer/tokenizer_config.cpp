// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_config.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxTemplateBytes = std::size_t(4) << 20; ///< the longest published ones have some 30 KB

/// A special token is named as text or as an object with "content".
std::string tokenText(const Json& value)
{
    if (value.is_object() && value.contains("content"))
        return tokenText(value["content"]);
    return value.is_string() ? value.get<std::string>() : std::string();
}

/// "chat_template": a text, or a list of {"name", "template"} of which "default" is taken.
std::string templateText(const Json& config, const fs::path& file)
{
    if (!config.is_object() || !config.contains("chat_template") || config["chat_template"].is_null())
        return {};
    const Json& given = config["chat_template"];
    if (given.is_string())
        return given.get<std::string>();
    if (!given.is_array())
        fail("{}: \"chat_template\" is neither a text nor a list of templates", file.string());
    for (const Json& entry : given) {
        const auto text = [&](const char* key) {
            return entry.is_object() && entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>()
                                                                                      : std::string();
        };
        if (text("name") == "default")
            return text("template");
    }
    return {};
}

} // namespace

void readTokenizerConfig(const fs::path& folder, Tokenizer& tokenizer)
{
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
        const fs::path file = folder / name;
        if (!fs::exists(file))
            continue;
        const Json config = readJsonFile(file);
        if (!config.is_object())
            fail("{}: this is not an object", file.string());
        std::optional<TokenId> unknown; // has a text, but its id is of no use outside the tokenizer
        for (const auto& [key, id, text] : {std::tuple {"bos_token", &tokenizer.bos, &tokenizer.bosText},
                 {"eos_token", &tokenizer.eos, &tokenizer.eosText}, {"pad_token", &tokenizer.pad, &tokenizer.padText},
                 {"unk_token", &unknown, &tokenizer.unkText}}) {
            if (!text->empty() || !config.contains(key))
                continue;
            *text = tokenText(config[key]);
            if (!*id && !text->empty())
                *id = tokenizer.idOf(*text);
        }
        if (tokenizer.chatTemplate.empty())
            tokenizer.chatTemplate = templateText(config, file);
    }
    if (const fs::path file = folder / "chat_template.jinja"; fs::exists(file))
        tokenizer.chatTemplate = readTextFile(file, kMaxTemplateBytes);
    else if (const fs::path old = folder / "chat_template.json"; tokenizer.chatTemplate.empty() && fs::exists(old))
        tokenizer.chatTemplate = templateText(readJsonFile(old), old);

    for (const char* name : {"generation_config.json", "config.json"}) {
        const fs::path file = folder / name;
        if (!fs::exists(file))
            continue;
        const Json config = readJsonFile(file);
        // Not the padding token: what a tokenizer pads with decides where scores are read, and TRL asks the tokenizer
        // only.
        for (const auto& [key, into] : {std::pair {"bos_token_id", &tokenizer.bos}, {"eos_token_id", &tokenizer.eos}}) {
            if (*into || !config.is_object() || !config.contains(key))
                continue;
            const Json& value = config[key].is_array() && !config[key].empty() ? config[key][0] : config[key];
            if (value.is_number_integer())
                *into = value.get<TokenId>();
        }
    }
    if (tokenizer.eos && tokenizer.idOf(tokenizer.eosText) != tokenizer.eos)
        tokenizer.eosText = tokenizer.tokenOf(*tokenizer.eos).value_or(std::string());
}

} // namespace mpo
