// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe.h"

#include "core/config/recipe_keys.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxRecipeBytes = std::size_t(1) << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void setSplit(Recipe& recipe, std::string_view by, double value)
{
    recipe.splitBy = by;
    recipe.splitValue = value;
}

/// One key outside the stages' settings.
struct Key
{
    std::string_view name;
    void (*apply)(Recipe&, const std::string& key, const std::string& text);
};

/// THE TABLE of keys that are not settings of a stage.
constexpr auto kKeys = std::to_array<Key>({
    {"name",
        [](Recipe& r, const auto& key, const auto& text) {
            const auto good = [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
                    || c == '_' || c == '.';
            };
            if (text.empty() || text.size() > 60 || text.front() == '.' || !std::all_of(text.begin(), text.end(), good))
                fail("{}: \"{}\" cannot begin the names of folders; use letters, digits, '-', '_' and '.'", key,
                    shortened(toPrintable(text), 60));
            r.name = text;
        }},
    {"model", [](Recipe& r, const auto&, const auto& text) { r.model = text; }},
    {"data", [](Recipe& r, const auto&, const auto& text) { r.data = text; }},
    {"eval_data", [](Recipe& r, const auto&, const auto& text) { r.evalData = text; }},
    {"limit", [](Recipe& r, const auto& key, const auto& text) { r.limit = recipeCount(key, text, 0); }},
    {"score.folds",
        [](Recipe& r, const auto& key, const auto& text) {
            const auto folds = recipeCount(key, text, 0);
            if (folds == 1 || folds > 100)
                fail("{}: {} folds cannot be made; give 2 to 100, or 0 to score with the model that saw the pairs", key,
                    text);
            r.folds = int(folds);
        }},
    {"split.gap",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "gap", recipeNumber(key, text, -kInfinity, kInfinity, ""));
        }},
    {"split.confidence",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "confidence", recipeNumber(key, text, 1e-9, 1 - 1e-9, "between 0 and 1, both excluded"));
        }},
    {"split.easy_share",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "easy_share", recipeNumber(key, text, 0, 1, "from 0 to 1"));
        }},
    {"evaluate.prompts",
        [](Recipe& r, const auto& key, const auto& text) { r.evaluatePrompts = recipeCount(key, text, 1); }},
    {"evaluate.max_new_tokens",
        [](Recipe& r, const auto& key, const auto& text) { r.evaluateTokens = recipeCount(key, text, 1); }},
    {"evaluate.temperature",
        [](Recipe& r, const auto& key, const auto& text) {
            r.evaluateTemperature = recipeNumber(key, text, 0, 5, "from 0 (greedy) to 5");
        }},
});

constexpr std::array<std::string_view, 3> kPlainSections {"score", "split", "evaluate"};

Settings* stageSettings(Recipe& recipe, std::string_view section)
{
    if (section == "sft") {
        if (!recipe.sft)
            recipe.sft.emplace(StageKind::Sft);
        return &*recipe.sft;
    }
    if (section == "reward")
        return &recipe.reward;
    if (section == "dpo")
        return &recipe.dpo;
    return section == "ppo" ? &recipe.ppo : nullptr;
}

/// Three ways to say the same thing: more than one in a file is a mistake (an override may still replace it).
void requireOneThreshold(const RecipeText& text)
{
    const RecipeEntry* first = nullptr;
    for (const RecipeEntry& entry : text.entries) {
        const bool threshold
            = entry.key == "split.gap" || entry.key == "split.confidence" || entry.key == "split.easy_share";
        if (!threshold || entry.where.starts_with("--set"))
            continue;
        if (first)
            fail("{}: split takes one of gap, confidence and easy_share, not several", entry.where);
        first = &entry;
    }
}

/// False: it is no key of a pipeline.
bool apply(Recipe& recipe, const RecipeKeys& keys, const RecipeEntry& entry)
{
    for (const auto& key : kKeys)
        if (key.name == entry.key) {
            key.apply(recipe, entry.key, entry.text);
            return true;
        }
    const auto dot = entry.key.find('.');
    if (dot == entry.key.npos || !keys.knows(entry.key))
        return false;
    const auto section = entry.key.substr(0, dot);
    try {
        stageSettings(recipe, section)->setFromText(entry.key.substr(dot + 1), entry.text);
    } catch (const Error& error) {
        fail("{}.{}", section, error.what());
    }
    return true;
}

} // namespace

RecipeKeys recipeKeys()
{
    RecipeKeys keys;
    for (const auto& key : kKeys)
        keys.values.emplace_back(key.name);
    keys.sections.assign(kPlainSections.begin(), kPlainSections.end());
    for (const auto stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo}) {
        keys.sections.emplace_back(stageName(stage));
        for (const auto& info : settingInfos(stage))
            keys.values.push_back(fmt::format("{}.{}", stageName(stage), info.name));
    }
    return keys;
}

void applyEntries(Recipe& recipe, const RecipeText& text, std::vector<RecipeEntry>* others)
{
    requireOneThreshold(text);
    for (const std::string& section : text.sections)
        if (section == "sft") // the section's presence asks for the stage, also when it is empty
            stageSettings(recipe, section);
    const RecipeKeys keys = recipeKeys();
    for (const RecipeEntry& entry : text.entries) {
        try {
            if (apply(recipe, keys, entry))
                continue;
            if (!others)
                failUnknownKey(entry.key, keys);
            others->push_back(entry);
        } catch (const Error& error) {
            fail("{}: {}", entry.where, error.what());
        }
    }
}

void requireConsistent(const Settings& settings, std::string_view source)
{
    const auto problems = settings.problems();
    if (!problems.empty())
        fail("{}: {}: {}", source, stageName(settings.stage()), problems.front());
}

Recipe parseRecipe(std::string_view text, std::string_view source, const std::vector<std::string>& overrides)
{
    Recipe recipe;
    applyEntries(recipe, readRecipeText(text, source, overrides, recipeKeys()));
    if (recipe.model.empty())
        fail("{}: the key \"model\" is missing: name the model to start from", source);
    if (recipe.data.empty())
        fail("{}: the key \"data\" is missing: name the preference data", source);
    if (recipe.sft)
        requireConsistent(*recipe.sft, source);
    for (const auto* settings : {&recipe.reward, &recipe.dpo, &recipe.ppo})
        requireConsistent(*settings, source);
    return recipe;
}

Recipe readRecipe(const fs::path& file, const std::vector<std::string>& overrides)
{
    return parseRecipe(readTextFile(file, kMaxRecipeBytes), file.string(), overrides);
}

} // namespace mpo
