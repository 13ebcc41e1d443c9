// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <yaml-cpp/yaml.h>

#include <array>

namespace mpo {

namespace {

constexpr std::array<std::string_view, 12> kKeys {
    "name", "model", "data", "eval_data", "limit", "sft", "reward", "score", "split", "dpo", "ppo", "evaluate"};

template<class T>
T valueOf(const YAML::Node& node, const std::string& key, const char* kind)
{
    try {
        return node.as<T>();
    } catch (const YAML::Exception&) {
        fail("line {}: {} must be {}", node.Mark().line + 1, key, kind);
    }
}

void fill(Settings& settings, const YAML::Node& section, const std::string& name)
{
    if (!section.IsMap() && !section.IsNull())
        fail("line {}: {} must hold settings, one a line", section.Mark().line + 1, name);
    for (const auto& entry : section) {
        try {
            settings.setFromText(entry.first.as<std::string>(), valueOf<std::string>(entry.second, entry.first.as<std::string>(), "one value"));
        } catch (const Error& error) {
            fail("line {}: {}", entry.first.Mark().line + 1, error.what());
        }
    }
}

Recipe recipeFrom(const YAML::Node& root)
{
    if (!root.IsMap())
        fail("the recipe holds no keys; it needs at least model and data");
    Recipe recipe;
    for (const auto& entry : root) {
        const auto key = entry.first.as<std::string>();
        const YAML::Node& value = entry.second;
        const int line = entry.first.Mark().line + 1;
        const auto text = [&] { return valueOf<std::string>(value, key, "text"); };
        if (key == "name") {
            recipe.name = text();
        } else if (key == "model") {
            recipe.model = text();
        } else if (key == "data") {
            recipe.data = text();
        } else if (key == "eval_data") {
            recipe.evalData = text();
        } else if (key == "limit") {
            recipe.limit = valueOf<std::int64_t>(value, key, "a whole number");
        } else if (key == "sft") {
            recipe.sft.emplace(StageKind::Sft);
            fill(*recipe.sft, value, key);
        } else if (key == "reward") {
            fill(recipe.reward, value, key);
        } else if (key == "dpo") {
            fill(recipe.dpo, value, key);
        } else if (key == "ppo") {
            fill(recipe.ppo, value, key);
        } else if (key == "score" || key == "split" || key == "evaluate") {
            for (const auto& inner : value) {
                const auto name = inner.first.as<std::string>();
                if (key == "score" && name == "folds") {
                    recipe.folds = valueOf<int>(inner.second, name, "a whole number");
                    if (recipe.folds == 1 || recipe.folds < 0 || recipe.folds > 100)
                        fail("line {}: folds must be 0 or from 2 to 100", inner.first.Mark().line + 1);
                } else if (key == "split" && (name == "gap" || name == "confidence" || name == "easy_share")) {
                    recipe.splitBy = name;
                    recipe.splitValue = valueOf<double>(inner.second, name, "a number");
                } else if (key == "evaluate" && name == "prompts") {
                    recipe.evaluatePrompts = valueOf<std::int64_t>(inner.second, name, "a whole number");
                } else if (key == "evaluate" && name == "max_new_tokens") {
                    recipe.evaluateTokens = valueOf<std::int64_t>(inner.second, name, "a whole number");
                } else if (key == "evaluate" && name == "temperature") {
                    recipe.evaluateTemperature = valueOf<double>(inner.second, name, "a number");
                } else {
                    fail("line {}: {} has no key \"{}\"", inner.first.Mark().line + 1, key, name);
                }
            }
        } else {
            fail("line {}: there is no key \"{}\".{} There are {}", line, key, didYouMean(key, kKeys), joined(kKeys));
        }
    }
    if (recipe.model.empty() || recipe.data.empty())
        fail("the recipe needs model and data");
    return recipe;
}

} // namespace

Recipe readRecipe(const std::filesystem::path& file, const std::vector<std::string>& overrides)
{
    try {
        YAML::Node root = YAML::Load(readTextFile(file));
        for (const std::string& override : overrides) {
            const std::size_t equals = override.find('='), dot = override.find('.');
            if (equals == std::string::npos)
                fail("--set {}: it must read key=value or stage.key=value", override);
            const std::string key = override.substr(0, equals), value = override.substr(equals + 1);
            if (dot < equals)
                root[key.substr(0, dot)][key.substr(dot + 1)] = value;
            else
                root[key] = value;
        }
        return recipeFrom(root);
    } catch (const YAML::Exception& error) {
        fail("{}: line {}: {}", file.string(), error.mark.line + 1, error.msg);
    } catch (const Error& error) {
        if (std::string_view(error.what()).starts_with(file.string()))
            throw;
        fail("{}: {}", file.string(), error.what());
    }
}

} // namespace mpo
