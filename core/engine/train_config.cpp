// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/train_config.h"

#include <fmt/format.h>

namespace mpo {

Json configOf(const TrainStage& command)
{
    Json config {{"model", command.model}, {"data", command.data}, {"out", command.out}};
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty())
            config[key] = value;
    };
    add("reward_model", command.rewardModel);
    add("reference", command.reference);
    add("sft_model", command.sftModel);
    add("adapter", command.adapter);
    add("split", command.split);
    add("bucket", command.splitBucket);
    if (command.limit > 0)
        config["limit"] = command.limit;
    config["settings"] = command.settings.toJson();
    return config;
}

TrainStage commandOfRun(StageKind stage, const Json& config)
{
    TrainStage command;
    command.stage = stage;
    const auto text = [&](const char* key) {
        const auto found = config.find(key);
        return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    command.model = text("model");
    command.data = text("data");
    command.out = text("out");
    command.rewardModel = text("reward_model");
    command.reference = text("reference");
    command.sftModel = text("sft_model");
    command.adapter = text("adapter");
    command.split = text("split");
    command.splitBucket = text("bucket");
    if (const auto limit = config.find("limit"); limit != config.end() && limit->is_number_integer())
        command.limit = limit->get<std::int64_t>();
    const auto settings = config.find("settings");
    command.settings
        = settings != config.end() && settings->is_object() ? Settings::fromJson(stage, *settings) : Settings(stage);
    return command;
}

std::vector<std::string> argumentsOf(const TrainStage& command)
{
    std::vector<std::string> words {"train", std::string(stageName(command.stage))};
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty())
            words.insert(words.end(), {option, value});
    };
    add("--model", command.model);
    add("--data", command.data);
    add("--out", command.out);
    add("--reward-model", command.rewardModel);
    add("--reference", command.reference);
    add("--sft-model", command.sftModel);
    add("--adapter", command.adapter);
    add("--split", command.split);
    add("--bucket", command.splitBucket);
    if (command.limit > 0)
        add("--limit", std::to_string(command.limit));
    if (command.restart)
        words.emplace_back("--restart");
    for (const SettingInfo& info : settingInfos(command.stage))
        if (!command.settings.isDefault(info.name))
            add("--set", std::string(info.name) + '=' + textOfSetting(command.settings.value(info.name)));
    return words;
}

std::optional<std::vector<std::string>> argumentsOf(const Command& command)
{
    if (const auto* train = std::get_if<TrainStage>(&command))
        return argumentsOf(*train);
    if (const auto* demo = std::get_if<RunDemo>(&command)) {
        std::vector<std::string> words {"demo", "--seed", std::to_string(demo->seed)};
        if (demo->fast)
            words.emplace_back("--fast");
        if (!demo->report.empty())
            words.insert(words.end(), {"--report", demo->report.string()});
        return words;
    }
    const auto ofFile = [](const char* name, const auto& recipe) {
        std::vector<std::string> words {name, recipe.file.string()};
        for (const std::string& set : recipe.sets)
            words.insert(words.end(), {"--set", set});
        return words;
    };
    if (const auto* recipe = std::get_if<RunRecipe>(&command); recipe && !recipe->file.empty())
        return ofFile("run", *recipe);
    if (const auto* experiment = std::get_if<RunExperiment>(&command); experiment && !experiment->file.empty())
        return ofFile("experiment", *experiment);
    return std::nullopt;
}

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

} // namespace mpo
