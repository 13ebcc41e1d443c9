// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/settings_file.h"

#include "core/config/recipe_keys.h"
#include "core/support/error.h"
#include "core/support/file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace mpo {

std::string textOfSetting(const SettingValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        return std::to_string(*whole);
    if (const auto* real = std::get_if<double>(&value))
        return fmt::format("{}", *real); // as short as reads back the same
    return std::get<std::string>(value);
}

std::string settingsYaml(const Settings& settings)
{
    const StageKind stage = settings.stage();
    YAML::Emitter yaml;
    yaml << YAML::Comment(fmt::format("Settings of {}; what is not here is at its default", stageTitle(stage)));
    yaml << YAML::Newline << YAML::BeginMap << YAML::Key << std::string(stageName(stage)) << YAML::Value;
    const auto infos = settingInfos(stage);
    if (std::all_of(infos.begin(), infos.end(), [&](const auto& info) { return settings.isDefault(info.name); })) {
        yaml << YAML::Null << YAML::EndMap;
        return std::string(yaml.c_str()) + '\n';
    }
    yaml << YAML::BeginMap;
    for (const SettingInfo& info : infos)
        if (!settings.isDefault(info.name))
            yaml << YAML::Key << std::string(info.name) << YAML::Value << textOfSetting(settings.value(info.name));
    yaml << YAML::EndMap << YAML::EndMap;
    return std::string(yaml.c_str()) + '\n';
}

Settings parseSettingsYaml(Settings settings, std::string_view text, std::string_view source)
{
    const StageKind stage = settings.stage();
    const RecipeText recipe = readRecipeText(text, source, {}, recipeKeys());
    const std::string section(stageName(stage)), prefix = section + '.';
    if (std::find(recipe.sections.begin(), recipe.sections.end(), section) == recipe.sections.end())
        fail("{}: has no section \"{}\", so it holds no settings of {}", source, section, stageTitle(stage));
    for (const RecipeEntry& entry : recipe.entries)
        if (entry.key.starts_with(prefix)) {
            try {
                settings.setFromText(entry.key.substr(prefix.size()), entry.text);
            } catch (const Error& error) {
                fail("{}: {}", entry.where, error.what());
            }
        }
    return settings;
}

Settings readSettingsFile(Settings start, const std::filesystem::path& file)
{
    constexpr std::size_t kMostBytes = std::size_t(1) << 20;
    return parseSettingsYaml(std::move(start), readTextFile(file, kMostBytes), file.string());
}

} // namespace mpo
