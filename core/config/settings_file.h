// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace mpo {

// The settings of one stage as a file: the section of that stage in a recipe, which it can be put into as it is.

/// A value as --set and a recipe take it; reads back as the same.
std::string textOfSetting(const SettingValue& value);

/// YAML with the settings that are not at their defaults.
std::string settingsYaml(const Settings& settings);

/// `start` with what the section of its stage in a recipe names; other sections and keys of the recipe are left out.
/// Throws Error as readRecipe does, and where there is no such section.
Settings parseSettingsYaml(Settings start, std::string_view text, std::string_view source);
Settings readSettingsFile(Settings start, const std::filesystem::path& file);

} // namespace mpo
