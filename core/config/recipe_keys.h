// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/recipe.h"
#include "core/config/recipe_entries.h"

namespace mpo {

// What a recipe of the pipeline and one of an experiment have in common.

RecipeKeys recipeKeys();

/// Puts the entries that a pipeline knows into `recipe`, in order. `others` gets what stands under no key of it. Throws
/// Error that begins with the entry's place.
void applyEntries(Recipe& recipe, const RecipeText& text, std::vector<RecipeEntry>* others = nullptr);

/// Throws Error when settings contradict each other.
void requireConsistent(const Settings& settings, std::string_view source);

} // namespace mpo
