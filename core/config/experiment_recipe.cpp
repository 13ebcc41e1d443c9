// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/experiment_recipe.h"

#include "core/config/recipe_keys.h"
#include "core/support/error.h"
#include "core/support/file.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mpo {

namespace {

constexpr std::size_t kMaxRecipeBytes = std::size_t(1) << 20;
constexpr std::int64_t kMaxSeeds = 1000;

/// An algorithm that is another one with other settings; a section of its name changes more of them.
struct Variant
{
    std::string_view name;
    StageKind stage;
    void (*apply)(Settings&);
};
const std::array kVariants {Variant {"ipo", StageKind::Dpo, [](Settings& s) { s.set("loss", std::string("ipo")); }},
    Variant {"simpo", StageKind::Dpo,
        [](Settings& s) {
            s.set("loss", std::string("simpo"));
            s.set("beta", 2.5);
            s.set("simpo_gamma", 1.375);
        }},
    Variant {"orpo", StageKind::Dpo,
        [](Settings& s) {
            s.set("loss", std::string("orpo"));
            s.set("beta", 0.1);
        }},
    Variant {"cdpo", StageKind::Dpo, [](Settings& s) { s.set("label_smoothing", 0.1); }},
    Variant {"tr-dpo", StageKind::Dpo, [](Settings& s) { s.set("sync_ref_model", true); }},
    Variant {"rloo", StageKind::Ppo, [](Settings& s) { s.set("advantage_estimator", std::string("rloo")); }}};

/// Without a list of methods: what MPO is made of, each part by itself and in the other order.
constexpr std::array kUsualMethods {
    "sft", "dpo", "dpo-easy", "dpo-hard", "dpo-random", "ppo", "ppo-hard", "dpo-easy+ppo-easy", "mpo", "reversed-mpo"};

std::vector<ExperimentMethod> methodsFrom(const RecipeEntry& entry)
{
    std::vector<ExperimentMethod> methods;
    for (const std::string& name : entry.items) {
        const auto method = [&] {
            try {
                return methodFromName(name);
            } catch (const Error& error) {
                fail("{}: {}", entry.key, error.what());
            }
        }();
        if (std::find(methods.begin(), methods.end(), method) != methods.end())
            fail("{}: {} stands there twice", entry.key, method.name);
        methods.push_back(method);
    }
    return methods;
}

/// A number stands for the seeds 1 to that number, a list for itself.
std::vector<std::int64_t> seedsFrom(const RecipeEntry& entry)
{
    std::vector<std::int64_t> seeds;
    if (entry.items.size() == 1 && !entry.isSequence) {
        const std::int64_t count = recipeCount(entry.key, entry.items.front(), 1);
        if (count > kMaxSeeds)
            fail("{}: {} are too many; give a number of seeds up to {} or a list of them", entry.key, count, kMaxSeeds);
        for (std::int64_t seed = 1; seed <= count; ++seed)
            seeds.push_back(seed);
        return seeds;
    }
    for (const std::string& item : entry.items) {
        const std::int64_t seed = recipeCount(entry.key, item, 0);
        if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end())
            fail("{}: {} stands there twice", entry.key, seed);
        seeds.push_back(seed);
    }
    return seeds;
}

std::vector<double> risingNumbers(const RecipeEntry& entry, double low, double high, std::string_view range)
{
    std::vector<double> values;
    for (const std::string& item : entry.items)
        values.push_back(recipeNumber(entry.key, item, low, high, range));
    std::sort(values.begin(), values.end());
    if (std::adjacent_find(values.begin(), values.end()) != values.end())
        fail("{}: a value stands there twice", entry.key);
    return values;
}

/// Names of steps hold shares in thousandths.
std::vector<double> shares(const RecipeEntry& entry, double low, double high, std::string_view range)
{
    std::vector<double> values = risingNumbers(entry, low, high, range);
    for (double& value : values) {
        if (std::abs(value * 1000.0 - std::round(value * 1000.0)) > 1e-9)
            fail("{}: {} has more than three decimals", entry.key, value);
        value = std::round(value * 1000.0) / 1000.0;
    }
    return values;
}

std::vector<double> counts(const RecipeEntry& entry)
{
    std::vector<double> values = risingNumbers(entry, 1, 1e9, "of at least 1");
    for (const double value : values)
        if (value != std::round(value))
            fail("{}: {} is not a whole number", entry.key, value);
    return values;
}

struct Key
{
    std::string_view name;
    bool list;
    void (*apply)(ExperimentRecipe&, const RecipeEntry&);
};

/// THE TABLE of keys that a pipeline does not have.
constexpr auto kKeys = std::to_array<Key>({
    {"seeds", true, [](ExperimentRecipe& r, const RecipeEntry& e) { r.seeds = seedsFrom(e); }},
    {"methods", true, [](ExperimentRecipe& r, const RecipeEntry& e) { r.methods = methodsFrom(e); }},
    {"noise", false,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.noise = shares(e, 0.0, 0.5, "from 0 to 0.5").front(); }},
    {"synthetic.completions", false,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.completions = recipeCount(e.key, e.text, 1); }},
    {"synthetic.pairs", false,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.pairs = recipeCount(e.key, e.text, 2); }},
    {"sweep.easy_share", true,
        [](ExperimentRecipe& r, const RecipeEntry& e) {
            r.easyShare.values = shares(e, 0.001, 0.999, "between 0 and 1, both excluded");
        }},
    {"sweep.easy_share_methods", true,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.easyShare.methods = methodsFrom(e); }},
    {"sweep.noise", true,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.flipped.values = shares(e, 0.0, 0.5, "from 0 to 0.5"); }},
    {"sweep.noise_methods", true,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.flipped.methods = methodsFrom(e); }},
    {"sweep.prompts", true, [](ExperimentRecipe& r, const RecipeEntry& e) { r.prompts.values = counts(e); }},
    {"sweep.prompts_methods", true,
        [](ExperimentRecipe& r, const RecipeEntry& e) { r.prompts.methods = methodsFrom(e); }},
});

RecipeKeys experimentKeys()
{
    RecipeKeys keys = recipeKeys();
    keys.sections.insert(keys.sections.end(), {"synthetic", "sweep"});
    for (const Key& key : kKeys) {
        keys.values.emplace_back(key.name);
        if (key.list)
            keys.lists.emplace_back(key.name);
    }
    for (const Variant& variant : kVariants) {
        keys.sections.emplace_back(variant.name);
        for (const SettingInfo& info : settingInfos(variant.stage))
            keys.values.push_back(fmt::format("{}.{}", variant.name, info.name));
    }
    return keys;
}

void apply(ExperimentRecipe& recipe, const RecipeEntry& entry, const RecipeKeys& keys)
{
    for (const Key& key : kKeys)
        if (key.name == entry.key)
            return key.apply(recipe, entry);
    const auto dot = entry.key.find('.');
    const auto algorithm = recipe.algorithms.find(entry.key.substr(0, dot));
    if (dot == entry.key.npos || algorithm == recipe.algorithms.end() || !keys.knows(entry.key))
        failUnknownKey(entry.key, keys);
    try {
        algorithm->second.setFromText(entry.key.substr(dot + 1), entry.text);
    } catch (const Error& error) {
        fail("{}.{}", algorithm->first, error.what());
    }
}

/// The place of the last entry whose key begins so, else the whole source.
std::string placeOf(const RecipeText& text, std::string_view beginning, std::string_view source)
{
    std::string place(source);
    for (const RecipeEntry& entry : text.entries)
        if (entry.key.starts_with(beginning))
            place = entry.where;
    return place;
}

/// A sweep that leaves its methods open takes the usual ones.
void settle(ExperimentSweep& sweep, const std::vector<std::string_view>& usual)
{
    if (sweep.methods.empty())
        for (const std::string_view name : usual)
            sweep.methods.push_back(methodFromName(name));
}

} // namespace

ExperimentRecipe parseExperimentRecipe(
    std::string_view text, std::string_view source, const std::vector<std::string>& overrides)
{
    const RecipeKeys keys = experimentKeys();
    const RecipeText entries = readRecipeText(text, source, overrides, keys);
    ExperimentRecipe recipe;
    recipe.base.name = "experiment";
    std::vector<RecipeEntry> others;
    applyEntries(recipe.base, entries, &others);
    // Variants change what is settled by now.
    recipe.algorithms.emplace("dpo", recipe.base.dpo);
    recipe.algorithms.emplace("ppo", recipe.base.ppo);
    for (const Variant& variant : kVariants) {
        Settings settings = variant.stage == StageKind::Dpo ? recipe.base.dpo : recipe.base.ppo;
        variant.apply(settings);
        recipe.algorithms.emplace(variant.name, std::move(settings));
    }
    for (const RecipeEntry& entry : others) {
        try {
            apply(recipe, entry, keys);
        } catch (const Error& error) {
            fail("{}: {}", entry.where, error.what());
        }
    }

    recipe.synthetic = recipe.base.data == "synthetic";
    if (recipe.base.data.empty())
        fail("{}: the key \"data\" is missing: name the preference data, or write \"synthetic\" for data that the "
             "program makes",
            source);
    if (!recipe.synthetic && recipe.base.model.empty())
        fail("{}: the key \"model\" is missing: name the model to start from", source);
    if (recipe.synthetic && !recipe.base.sft)
        recipe.base.sft.emplace(StageKind::Sft); // the made model knows nothing yet
    if (recipe.methods.empty())
        for (const char* name : kUsualMethods)
            recipe.methods.push_back(methodFromName(name));
    const ExperimentMethod sft = methodFromName("sft"); // what the others are compared with
    std::erase(recipe.methods, sft);
    recipe.methods.insert(recipe.methods.begin(), sft);
    settle(recipe.easyShare, {"dpo-easy", "mpo"});
    settle(recipe.flipped, {"dpo", "mpo"});
    settle(recipe.prompts, {"ppo-hard", "mpo"});
    for (const ExperimentMethod& method : recipe.prompts.methods) {
        if (recipe.prompts.values.empty())
            break;
        if (method.second.empty())
            fail("{}: sweep.prompts_methods: {} has no stage on prompts",
                placeOf(entries, "sweep.prompts_methods", source), method.name);
        if (recipe.algorithms.at(method.second).integer("max_steps") > 0)
            fail("{}: sweep.prompts varies total_episodes, which {}.max_steps overrules; take that out",
                placeOf(entries, "sweep.prompts", source), method.second);
    }
    if (recipe.base.sft)
        requireConsistent(*recipe.base.sft, placeOf(entries, "sft.", source));
    requireConsistent(recipe.base.reward, placeOf(entries, "reward.", source));
    for (const auto& [name, settings] : recipe.algorithms)
        if (const auto problems = settings.problems(); !problems.empty())
            fail("{}: {}: {}", placeOf(entries, name + ".", source), name, problems.front());
    return recipe;
}

ExperimentRecipe readExperimentRecipe(const std::filesystem::path& file, const std::vector<std::string>& overrides)
{
    return parseExperimentRecipe(readTextFile(file, kMaxRecipeBytes), file.string(), overrides);
}

} // namespace mpo
