// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// "dpo.beta" with its text, as it stands in a file of YAML or in an override.
struct RecipeEntry
{
    std::string key, text;
    std::vector<std::string> items; ///< of a list; a single value is a list of one
    std::string where; ///< "recipe.yaml:12", "--set dpo.beta=x"
    bool isSequence = false; ///< a list also where it has one item
};

/// What a kind of recipe knows.
struct RecipeKeys
{
    std::vector<std::string> sections; ///< names that take keys of their own
    std::vector<std::string> values; ///< "limit", "dpo.beta"
    std::vector<std::string> lists; ///< of these, the ones that may be lists
    bool isSection(std::string_view key) const;
    bool knows(std::string_view key) const;
    bool isList(std::string_view key) const;
};

struct RecipeText
{
    std::vector<RecipeEntry> entries; ///< of the file, then the overrides
    std::vector<std::string> sections; ///< that stand in the file, also empty ones
};

/// Reads YAML of at most two levels; `overrides` are "dpo.beta=0.2", lists with commas. Throws Error "SOURCE:LINE: ..."
/// for what is not YAML, an unknown key (with the nearest known one), a key given twice and a value of the wrong shape.
RecipeText readRecipeText(
    std::string_view text, std::string_view source, const std::vector<std::string>& overrides, const RecipeKeys& keys);

[[noreturn]] void failUnknownKey(const std::string& key, const RecipeKeys& keys);

// Values of keys. Each throws Error "KEY: ..." for what does not fit.
double recipeNumber(const std::string& key, const std::string& text, double low, double high, std::string_view range);
std::int64_t recipeCount(const std::string& key, const std::string& text, std::int64_t low);

} // namespace mpo
