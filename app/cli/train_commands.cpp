// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/config/presets.h"
#include "core/config/settings_file.h"
#include "core/engine/command.h"
#include "core/engine/memory_preflight.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace mpo::cli {

namespace {

struct TrainArguments
{
    TrainStage command;
    std::string preset; ///< a name, "auto", or empty
    std::string file; ///< of settings; may be empty
    std::vector<std::string> sets;
    std::map<std::string, std::string> flags; ///< setting -> text, of the flags that were given
    bool preflight = false; ///< only say how much memory it needs
};

std::string textOf(const SettingValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? "true" : "false";
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&value))
        return fmt::format("{:g}", *real);
    return std::get<std::string>(value);
}

/// --learning-rate and --learning_rate for the setting "learning_rate"; for a switch also --no-shuffle.
void addSettingFlag(CLI::App& app, const SettingInfo& info, std::map<std::string, std::string>& flags)
{
    const std::string name(info.name);
    std::string dashed = name;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    // A setting must not take the name of an option of the command.
    if (app.get_option_no_throw("--" + dashed) || app.get_option_no_throw("--" + name))
        return;
    const std::string names = "--" + dashed + (dashed == name ? "" : ",--" + name);
    const bool isSwitch = std::holds_alternative<bool>(info.defaultValue);
    const std::string group = info.group.empty() ? "Settings" : std::string(info.group);
    const std::string help
        = fmt::format("{} [{}{}{}]", info.help, textOf(info.defaultValue), info.unit.empty() ? "" : " ", info.unit);
    CLI::callback_t take = [&flags, name](const CLI::results_t& results) {
        flags[name] = results.empty() || results.back().empty() ? "true" : results.back();
        return true;
    };
    CLI::Option* option
        = app.add_option(names, take, help)->group(group)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    option->type_name("");
    if (isSwitch) {
        option->expected(0, 1);
        app.add_flag_callback("--no-" + dashed, [&flags, name] { flags[name] = "false"; })->group("");
    }
}

/// What comes later wins: preset, file, --set, flags.
void applySettings(TrainArguments& given, const Preset* preset)
{
    Settings& settings = given.command.settings;
    if (preset)
        settings = presetSettings(*preset, given.command.stage);
    if (!given.file.empty())
        settings = readSettingsFile(settings, given.file);
    for (const std::string& set : given.sets) {
        const auto [name, value] = keyAndValue(set, "--set");
        settings.setFromText(name, value);
    }
    for (const auto& [name, value] : given.flags)
        settings.setFromText(name, value);
}

/// The preset for the size of the model, as its configuration says it.
const Preset& presetOfModel(const GlobalOptions& global, const std::string& model)
{
    const auto project = openProject(global, Project::Access::ReadOnly);
    const std::int64_t parameters = parametersOf(*project, model);
    const Preset& preset = presetFor(parameters);
    if (!global.quiet)
        note(fmt::format("Preset {} for {:.3g} million parameters", preset.name, double(parameters) / 1e6));
    return preset;
}

int printPreflight(const GlobalOptions& global, const TrainStage& command)
{
    const auto project = openProject(global, Project::Access::ReadOnly);
    const Preflight result = preflight(*project, command, rowLengths(*project, command));
    if (global.json) {
        Json parts = Json::array(), proposals = Json::array();
        for (const MemoryPart& part : result.need.parts)
            parts.push_back({{"name", part.name}, {"bytes", part.bytes}, {"what", part.what}});
        for (const MemoryProposal& proposal : result.proposals) {
            Settings changed = command.settings;
            Json settings = Json::object();
            for (const auto& [name, value] : proposal.settings) {
                changed.setFromText(name, value);
                settings[name] = changed.toJson().at(name);
            }
            proposals.push_back({{"settings", settings}, {"bytes", proposal.total}, {"fits", proposal.fits}});
        }
        writeLine(toLine({{"bytes", result.need.total()}, {"base_bytes", result.need.base}, {"parts", parts},
            {"available_bytes", result.available}, {"fits", result.fits}, {"proposals", proposals}}));
        return 0;
    }
    std::vector<std::vector<std::string>> table {{"memory", "MB", "for"}};
    const auto row = [&](const std::string& name, std::int64_t bytes, const std::string& what) {
        constexpr double kMiB = 1024.0 * 1024.0;
        table.push_back({name, fmt::format("{:.0f}", double(bytes) / kMiB), what});
    };
    for (const MemoryPart& part : result.need.parts)
        row(part.name, part.bytes, part.what);
    row("program", result.need.base, "this program and its libraries");
    row("total", result.need.total(), "at the moment when most is in use");
    writeTable(table);
    writeLine("");
    writeLine(result.sentence() + ".");
    for (const MemoryProposal& proposal : result.proposals)
        writeLine(fmt::format(
            "  {} ({}{})", proposal.sentence, memoryText(proposal.total), proposal.fits ? "" : ", still too much"));
    return 0;
}

void addStage(CLI::App& train, StageKind stage, const char* help, Arguments& arguments)
{
    auto* app = train.add_subcommand(std::string(stageName(stage)), help);
    auto given = std::make_shared<TrainArguments>();
    TrainStage& command = given->command;
    command.stage = stage;
    command.settings = Settings(stage);
    command.refuseOtherSettings = true;

    app->add_option("--model", command.model, "Model to start from")->required()->type_name("MODEL");
    app->add_option("--data", command.data, "Data set or file")->required()->type_name("DATA");
    app->add_option("--out", command.out, "Name of the new model; with a '/' a folder")->required()->type_name("NAME");
    if (stage == StageKind::Ppo) {
        app->add_option("--reward-model,--reward_model", command.rewardModel, "Reward model that scores the responses")
            ->required()
            ->type_name("MODEL");
        app->add_option("--sft-model,--sft_model", command.sftModel, "Also log the KL to this model")
            ->type_name("MODEL");
    }
    app->add_option("--adapter", command.adapter, "LoRA on the model that is trained on, instead of a new one")
        ->type_name("MODEL");
    if (stage == StageKind::Dpo || stage == StageKind::Ppo)
        app->add_option("--reference", command.reference, "Reference model; default: the model at the start")
            ->type_name("MODEL");
    app->add_option(
           "--split", command.split, "Train on a part of this split: dpo on easy pairs, ppo on prompts of hard ones")
        ->type_name("SPLIT");
    app->add_option("--bucket", command.splitBucket, "Part of the split")
        ->check(plain(CLI::IsMember({"easy", "hard"})))
        ->type_name("easy|hard");
    app->add_option("--limit", command.limit, "Only the first N")->check(plain(CLI::NonNegativeNumber))->type_name("N");
    app->add_option("--preset", given->preset, "Settings for the size of the model; `mpo settings` shows them")
        ->check(plain(CLI::IsMember({"auto", "tiny", "small", "medium", "large"})))
        ->type_name("auto|tiny|small|medium|large");
    app->add_option("--settings", given->file, "Settings from a file of YAML: its section of this stage")
        ->type_name("FILE");
    app->add_option("--set", given->sets, "A setting; `mpo settings` lists them")
        ->type_name("NAME=VALUE")
        ->always_capture_default(false);
    app->add_flag("--restart", command.restart, "Begin anew although an earlier run can go on");
    app->add_flag("--preflight", given->preflight, "Only say how much memory it needs, and what would need less");
    for (const SettingInfo& info : settingInfos(stage))
        addSettingFlag(*app, info, given->flags);

    app->callback([given, &arguments] {
        TrainStage& command = given->command;
        if (!command.splitBucket.empty() && command.split.empty())
            throw UsageError("--bucket needs --split");
        // Mistakes are told before anything is opened; a preset by size needs the model.
        if (given->preset != "auto")
            applySettings(*given, given->preset.empty() ? nullptr : &findPreset(given->preset));
        arguments.action = [given](const GlobalOptions& global) {
            if (given->preset == "auto")
                applySettings(*given, &presetOfModel(global, given->command.model));
            const TrainStage& command = given->command;
            if (given->preflight)
                return printPreflight(global, command);
            return runOnEngine(
                global, openProject(global, Project::Access::ReadWrite), command, {Printing::Json::Steps, command.out});
        };
    });
}

} // namespace

void addTrainCommands(CLI::App& app, Arguments& arguments)
{
    auto* train = app.add_subcommand("train", "Train one stage; given again after an interruption, it goes on");
    train->require_subcommand(1);
    addStage(*train, StageKind::Sft, "Supervised fine-tuning on (chosen) responses", arguments);
    addStage(*train, StageKind::Reward, "Bradley-Terry reward model on preference pairs", arguments);
    addStage(*train, StageKind::Dpo, "Direct preference optimization; stage 1 of MPO on the easy pairs", arguments);
    addStage(
        *train, StageKind::Ppo, "Proximal policy optimization; stage 2 of MPO on prompts of the hard pairs", arguments);
}

} // namespace mpo::cli
