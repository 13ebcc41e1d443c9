// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxRecipeBytes = std::size_t(1) << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// "dpo.beta" with its text, as it stands in the file or in an override.
struct Entry
{
    std::string key, text;
    std::string where; ///< "recipe.yaml:12", "--set dpo.beta=x"
};

template<class Number>
Number parsed(const std::string& key, const std::string& text, std::string_view kind)
{
    Number value {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(double(value)))
        fail("{}: \"{}\" is not {}", key, shortened(toPrintable(text), 60), kind);
    return value;
}

double number(const std::string& key, const std::string& text, double low, double high, std::string_view range)
{
    const auto value = parsed<double>(key, text, "a number");
    if (value < low || value > high)
        fail("{}: {} is out of range; give a number {}", key, text, range);
    return value;
}

std::int64_t count(const std::string& key, const std::string& text, std::int64_t low)
{
    const auto value = parsed<std::int64_t>(key, text, "a whole number");
    if (value < low || value > 1'000'000'000)
        fail("{}: {} is out of range; give a whole number of at least {}", key, text, low);
    return value;
}

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
    {"limit", [](Recipe& r, const auto& key, const auto& text) { r.limit = count(key, text, 0); }},
    {"score.folds",
        [](Recipe& r, const auto& key, const auto& text) {
            const auto folds = count(key, text, 0);
            if (folds == 1 || folds > 100)
                fail("{}: {} folds cannot be made; give 2 to 100, or 0 to score with the model that saw the pairs", key,
                    text);
            r.folds = int(folds);
        }},
    {"split.gap",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "gap", number(key, text, -kInfinity, kInfinity, ""));
        }},
    {"split.confidence",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "confidence", number(key, text, 1e-9, 1 - 1e-9, "between 0 and 1, both excluded"));
        }},
    {"split.easy_share",
        [](Recipe& r, const auto& key, const auto& text) {
            setSplit(r, "easy_share", number(key, text, 0, 1, "from 0 to 1"));
        }},
    {"evaluate.prompts", [](Recipe& r, const auto& key, const auto& text) { r.evaluatePrompts = count(key, text, 1); }},
    {"evaluate.max_new_tokens",
        [](Recipe& r, const auto& key, const auto& text) { r.evaluateTokens = count(key, text, 1); }},
    {"evaluate.temperature",
        [](Recipe& r, const auto& key, const auto& text) {
            r.evaluateTemperature = number(key, text, 0, 5, "from 0 (greedy) to 5");
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

bool isSection(std::string_view key)
{
    return key == "sft" || key == "reward" || key == "dpo" || key == "ppo"
        || std::find(kPlainSections.begin(), kPlainSections.end(), key) != kPlainSections.end();
}

std::vector<std::string> knownKeys()
{
    std::vector<std::string> keys;
    for (const auto& key : kKeys)
        keys.emplace_back(key.name);
    for (const auto stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo}) {
        keys.emplace_back(stageName(stage));
        for (const auto& info : settingInfos(stage))
            keys.push_back(fmt::format("{}.{}", stageName(stage), info.name));
    }
    keys.insert(keys.end(), kPlainSections.begin(), kPlainSections.end());
    return keys;
}

[[noreturn]] void failUnknownKey(const std::string& key)
{
    const auto known = knownKeys();
    const std::vector<std::string_view> names(known.begin(), known.end());
    fail("\"{}\" is not a key of a recipe.{}", shortened(toPrintable(key), 80), didYouMean(key, names));
}

void apply(Recipe& recipe, const Entry& entry)
{
    try {
        for (const auto& key : kKeys)
            if (key.name == entry.key)
                return key.apply(recipe, entry.key, entry.text);
        const auto known = knownKeys();
        const auto dot = entry.key.find('.');
        if (dot == entry.key.npos || std::find(known.begin(), known.end(), entry.key) == known.end())
            failUnknownKey(entry.key);
        const auto section = entry.key.substr(0, dot);
        try {
            stageSettings(recipe, section)->setFromText(entry.key.substr(dot + 1), entry.text);
        } catch (const Error& error) {
            fail("{}.{}", section, error.what());
        }
    } catch (const Error& error) {
        fail("{}: {}", entry.where, error.what());
    }
}

std::string lineOf(std::string_view source, const YAML::Mark& mark)
{
    return mark.line >= 0 ? fmt::format("{}:{}", source, mark.line + 1) : std::string(source);
}

std::string keyText(const YAML::Node& node, std::string_view source)
{
    if (!node.IsScalar())
        fail("{}: a key has to be a plain word", lineOf(source, node.Mark()));
    return node.Scalar();
}

void collect(const YAML::Node& map, const std::string& prefix, std::string_view source, Recipe& recipe,
    std::vector<Entry>& entries)
{
    std::map<std::string, int> seen;
    for (const auto& item : map) {
        const auto name = keyText(item.first, source);
        const auto key = prefix + name;
        const auto where = lineOf(source, item.first.Mark());
        if (const auto [before, fresh] = seen.emplace(name, item.first.Mark().line + 1); !fresh)
            fail("{}: \"{}\" stands twice, first in line {}", where, shortened(toPrintable(key), 80), before->second);
        const YAML::Node& value = item.second;
        if (prefix.empty() && isSection(name)) {
            if (name == "sft") // the section's presence asks for the stage, also when it is empty
                stageSettings(recipe, name);
            if (value.IsMap())
                collect(value, key + ".", source, recipe, entries);
            else if (!value.IsNull())
                fail("{}: {} takes keys of its own, one a line and indented", where, key);
        } else if (value.IsScalar()) {
            entries.push_back({key, value.Scalar(), where});
        } else {
            try {
                // An unknown key is the better message than the wrong type of its value.
                const auto known = knownKeys();
                if (std::find(known.begin(), known.end(), key) == known.end())
                    failUnknownKey(key);
            } catch (const Error& error) {
                fail("{}: {}", where, error.what());
            }
            if (value.IsNull())
                fail("{}: {} has no value; give one or take the line out", where, key);
            fail("{}: {} takes a single value, not a {}", where, key, value.IsSequence() ? "list" : "section");
        }
    }
    // Three ways to say the same thing: more than one in a file is a mistake (an override may still replace it).
    if (prefix == "split." && seen.count("gap") + seen.count("confidence") + seen.count("easy_share") > 1)
        fail("{}: split takes one of gap, confidence and easy_share, not several", lineOf(source, map.Mark()));
}

Entry overrideEntry(const std::string& text)
{
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0)
        fail("--set {}: give KEY=VALUE, for example dpo.beta=0.2", shortened(toPrintable(text), 80));
    return {std::string(trimmed(text.substr(0, equals))), std::string(trimmed(text.substr(equals + 1))),
        fmt::format("--set {}", shortened(toPrintable(text), 80))};
}

void requireConsistent(const Settings& settings, std::string_view source)
{
    const auto problems = settings.problems();
    if (!problems.empty())
        fail("{}: {}: {}", source, stageName(settings.stage()), problems.front());
}

} // namespace

Recipe parseRecipe(std::string_view text, std::string_view source, const std::vector<std::string>& overrides)
{
    Recipe recipe;
    std::vector<Entry> entries;
    try {
        const YAML::Node root = YAML::Load(std::string(text));
        if (!root.IsMap() && !root.IsNull())
            fail("{}: a recipe holds lines of KEY: VALUE", source);
        if (root.IsMap())
            collect(root, "", source, recipe, entries);
    } catch (const YAML::Exception& error) {
        fail("{}: not YAML: {}", lineOf(source, error.mark), error.msg);
    }
    for (const auto& text : overrides)
        entries.push_back(overrideEntry(text));
    for (const auto& entry : entries)
        apply(recipe, entry);

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
