// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/json_lines.h"
#include "core/config/presets.h"
#include "core/config/settings_file.h"
#include "core/engine/ppo_terms_command.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

Json jsonOfValue(const SettingValue& value)
{
    return std::visit([](const auto& any) { return Json(any); }, value);
}

Json jsonOfSetting(const SettingInfo& info)
{
    Json row {{"name", info.name}, {"group", info.group}, {"unit", info.unit}, {"help", info.help},
        {"default", jsonOfValue(info.defaultValue)}, {"minimum", Json()}, {"maximum", Json()}};
    if (info.minimum)
        row["minimum"] = *info.minimum;
    if (info.maximum)
        row["maximum"] = *info.maximum;
    row["choices"] = info.choices;
    row["advanced"] = info.advanced;
    return row;
}

std::string rangeOf(const SettingInfo& info)
{
    std::string text;
    for (const std::string_view choice : info.choices)
        text += (text.empty() ? "" : "|") + std::string(choice);
    constexpr double none = 1e12; // a maximum that only says "a whole number of sensible size"
    if (info.minimum && info.maximum && *info.maximum < none)
        text = fmt::format("{:g} to {:g}", *info.minimum, *info.maximum);
    else if (info.minimum)
        text = fmt::format("from {:g}", *info.minimum);
    else if (info.maximum)
        text = fmt::format("to {:g}", *info.maximum);
    return text;
}

/// The settings that a preset changes, or all presets side by side.
int showPresets(const GlobalOptions& global, StageKind stage)
{
    std::vector<std::vector<std::string>> table {{"setting", "default"}};
    for (const Preset& preset : presets()) {
        table.front().emplace_back(preset.name);
        if (!global.json)
            continue;
        Json changed = Json::object();
        const Settings settings = presetSettings(preset, stage);
        for (const SettingInfo& info : settingInfos(stage))
            if (!settings.isDefault(info.name))
                changed[std::string(info.name)] = jsonOfValue(settings.value(info.name));
        writeLine(toLine({{"preset", preset.name}, {"title", preset.title}, {"help", preset.help},
            {"below", preset.below}, {"settings", changed}}));
    }
    if (global.json)
        return 0;
    for (const SettingInfo& info : settingInfos(stage)) {
        std::vector<std::string> row {std::string(info.name), textOfSetting(info.defaultValue)};
        bool changed = false;
        for (const Preset& preset : presets()) {
            const Settings settings = presetSettings(preset, stage);
            changed = changed || !settings.isDefault(info.name);
            row.push_back(settings.isDefault(info.name) ? "" : textOfSetting(settings.value(info.name)));
        }
        if (changed)
            table.push_back(std::move(row));
    }
    writeTable(table);
    writeLine("");
    for (const Preset& preset : presets())
        writeLine(fmt::format("{:<8}{}. {}", preset.name, preset.title, preset.help));
    return 0;
}

int showSettings(const GlobalOptions& global, StageKind stage)
{
    std::vector<std::vector<std::string>> table {{"setting", "default", "unit", "range", "meaning"}};
    for (const SettingInfo& info : settingInfos(stage)) {
        if (global.json)
            writeLine(toLine(jsonOfSetting(info)));
        const auto* text = std::get_if<std::string>(&info.defaultValue);
        table.push_back({std::string(info.name), text ? *text : jsonOfValue(info.defaultValue).dump(),
            std::string(info.unit), rangeOf(info), std::string(info.help)});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

/// Always JSON lines: the result is for a program that compares numbers.
int showPpoTerms(const std::string& file)
{
    std::vector<Json> rows;
    forEachJsonLineOf(file, [&](const Json& row, const std::string&) { rows.push_back(row); });
    for (const Json& row : ppoTerms(rows))
        writeLine(toLine(row));
    return 0;
}

} // namespace

void addReferenceCommands(CLI::App& app, Arguments& arguments)
{
    auto* settings = app.add_subcommand("settings", "The settings of a stage: default, range, meaning");
    auto stage = std::make_shared<std::string>();
    settings->add_option("stage", *stage, "sft, reward, dpo or ppo")->required();
    auto byPreset = std::make_shared<bool>(false);
    settings->add_flag("--presets", *byPreset, "What the presets for sizes of models change");
    settings->callback([stage, byPreset, &arguments] {
        arguments.action = [kind = stageFromName(*stage), byPreset](const GlobalOptions& global) {
            return *byPreset ? showPresets(global, kind) : showSettings(global, kind);
        };
    });

    auto* terms = app.add_subcommand("ppo-terms", "The PPO terms of given rollouts, for checking");
    auto file = std::make_shared<std::string>();
    terms->add_option("--data", *file, "JSON lines of rollouts")->required()->type_name("FILE");
    terms->callback(
        [file, &arguments] { arguments.action = [file](const GlobalOptions&) { return showPpoTerms(*file); }; });
}

} // namespace mpo::cli
