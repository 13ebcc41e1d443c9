// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/train_config.h"

#include "core/data/criteria.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <type_traits>

namespace mpo {

bool isModelFolder(const std::filesystem::path& folder)
{
    std::error_code ignored;
    return std::filesystem::exists(folder / "config.json", ignored)
        || std::filesystem::exists(folder / "adapter_config.json", ignored);
}

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

namespace {

/// Words of a command line; options without a value, or at their default, are left out.
class Words
{
public:
    explicit Words(std::vector<std::string> command)
        : m_words(std::move(command))
    {
    }
    void add(const char* option, const std::string& value)
    {
        if (!value.empty())
            m_words.insert(m_words.end(), {option, value});
    }
    /// "--gap=-0.5": a value that begins with a dash would be taken for an option.
    void add(const char* option, double value)
    {
        const std::string text = fmt::format("{}", value); // as short as reads back the same
        if (value < 0.0)
            m_words.push_back(fmt::format("{}={}", option, text));
        else
            add(option, text);
    }
    template<class Number>
    void addUnless(Number otherwise, const char* option, Number value)
    {
        if (value != otherwise)
            add(option, fmt::format("{}", value));
    }
    void flag(const char* option) { m_words.emplace_back(option); }
    std::vector<std::string> take() { return std::move(m_words); }

private:
    std::vector<std::string> m_words;
};

} // namespace

std::vector<std::string> argumentsOf(const ScorePairs& command)
{
    Words words({"score"});
    words.add("--model", command.folds >= 2 ? std::string() : command.rewardModel);
    words.add("--adapter", command.adapter);
    words.add("--data", command.data);
    if (command.folds >= 2) {
        words.addUnless(0, "--folds", command.folds);
        words.add("--base", command.model);
    }
    words.add("--name", command.name);
    words.addUnless(std::int64_t(0), "--limit", command.limit);
    for (const SettingInfo& info : settingInfos(command.settings.stage()))
        if (!command.settings.isDefault(info.name))
            words.add("--set", std::string(info.name) + '=' + textOfSetting(command.settings.value(info.name)));
    return words.take();
}

std::string_view contradictoryActionName(ContradictoryAction action)
{
    switch (action) {
    case ContradictoryAction::TreatAsHard:
        return "hard";
    case ContradictoryAction::Drop:
        return "drop";
    case ContradictoryAction::Flip:
        return "flip";
    case ContradictoryAction::Keep:
        return "keep";
    }
    return {};
}

std::vector<std::string> argumentsOf(const SplitPairs& command)
{
    const SplitRule& rule = command.rule;
    Words words({"split"});
    words.add("--data", command.data);
    words.add("--scores", command.scoreSet);
    words.add(rule.by == SplitRule::By::Gap        ? "--gap"
            : rule.by == SplitRule::By::Confidence ? "--confidence"
                                                   : "--easy-share",
        rule.value);
    if (rule.absolute)
        words.flag("--absolute");
    if (rule.contradictory) {
        words.add("--contradictory", *rule.contradictory);
        words.add("--contradictory-action", std::string(contradictoryActionName(rule.action)));
    }
    if (command.edits == kLatestEdits)
        words.flag("--edits");
    else if (command.edits > 0)
        words.add("--edits", std::to_string(command.edits));
    words.add("--name", command.name);
    return words.take();
}

std::vector<std::string> argumentsOf(const CreateEvaluation& command)
{
    const CreateEvaluation defaults;
    Words words({"evaluate", "create"});
    const bool ofPairs = command.sources.empty();
    if (ofPairs)
        words.flag("--of-pairs");
    for (const std::string& source : command.sources)
        words.add("--source", source);
    words.add("--data", command.data);
    words.add("--name", command.name);
    words.add("--prompts", std::to_string(command.prompts));
    words.add("--seed", std::to_string(command.seed));
    if (!ofPairs) {
        words.add("--max-new-tokens", std::to_string(command.maxNewTokens));
        words.add("--temperature", command.temperature);
    }
    words.add("--reward-model", command.rewardModel);
    words.addUnless(std::int64_t(0), "--repeats", command.repeats);
    words.add("--gold", command.gold);
    if (!command.gold.empty())
        words.add("--gold-items", std::to_string(command.goldItems));
    words.addUnless(1, "--annotators", command.annotators);
    words.addUnless(0, "--overlap", command.overlap);
    words.addUnless(0, "--gap-strata", command.gapStrata);
    words.add("--criteria", fmt::format("{}", fmt::join(command.criteria, ",")));
    if (command.strength)
        words.flag("--strength");
    if (command.withoutLeaks)
        words.flag("--without-leaks");
    return words.take();
}

CreateEvaluation commandOfEvaluation(
    const std::string& name, const std::string& sourceA, const std::string& sourceB, const Json& config)
{
    CreateEvaluation command;
    const auto read = [&](const char* key, auto& value) {
        const auto found = config.is_object() ? config.find(key) : config.end();
        if (!config.is_object() || found == config.end())
            return;
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
            if (found->is_string())
                value = found->template get<std::string>();
        } else if (found->is_number()) {
            value = found->template get<Value>();
        }
    };
    command.name = name;
    read("data", command.data);
    read("prompts", command.prompts);
    read("seed", command.seed);
    read("reward_model", command.rewardModel);
    read("repeats", command.repeats);
    read("gold", command.gold);
    read("gold_items", command.goldItems);
    read("annotators", command.annotators);
    read("overlap", command.overlap);
    read("gap_strata", command.gapStrata);
    if (config.is_object()) {
        command.criteria = criteriaOf(config);
        command.strength = asksStrength(config);
        command.withoutLeaks = config.contains("without_leaks");
    }
    // Only sessions of models say how responses were sampled, only those of files which these were.
    std::string fileA, fileB;
    read("from_a", fileA);
    read("from_b", fileB);
    if (!fileA.empty() || !fileB.empty() || (config.is_object() && config.contains("max_new_tokens"))) {
        command.sources = {fileA.empty() ? sourceA : fileA, fileB.empty() ? sourceB : fileB};
        read("max_new_tokens", command.maxNewTokens);
        read("temperature", command.temperature);
    }
    return command;
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

} // namespace mpo
