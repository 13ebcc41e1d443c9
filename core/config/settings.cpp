// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/settings.h"

#include "core/config/run_settings.h"
#include "core/config/stage_settings.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace mpo {

namespace {

using List = std::vector<SettingInfo>;

std::size_t indexOf(StageKind stage, std::string_view name)
{
    const List& list = declaredSettings(stage);
    const auto found
        = std::find_if(list.begin(), list.end(), [&](const SettingInfo& info) { return info.name == name; });
    if (found != list.end())
        return std::size_t(found - list.begin());
    std::vector<std::string_view> names;
    for (const SettingInfo& info : list)
        names.push_back(info.name);
    fail("{} has no setting \"{}\".{} `mpo settings {}` lists them", stageName(stage), name, didYouMean(name, names),
        stageName(stage));
}

void checkRange(const SettingInfo& info, double value)
{
    if (std::isnan(value) || (info.minimum && value < *info.minimum) || (info.maximum && value > *info.maximum))
        fail("{} = {} is out of range: it must be from {} to {}", info.name, value, info.minimum.value_or(-HUGE_VAL),
            info.maximum.value_or(HUGE_VAL));
}

} // namespace

std::string_view stageName(StageKind stage)
{
    constexpr std::array<std::string_view, 4> names {"sft", "reward", "dpo", "ppo"};
    return names[std::size_t(stage)];
}

std::string_view stageTitle(StageKind stage)
{
    constexpr std::array<std::string_view, 4> titles {"Supervised fine-tuning", "Reward model", "DPO", "PPO"};
    return titles[std::size_t(stage)];
}

StageKind stageFromName(std::string_view name)
{
    for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo})
        if (stageName(stage) == name)
            return stage;
    fail("There is no stage \"{}\"; there are sft, reward, dpo and ppo", name);
}

std::span<const SettingInfo> settingInfos(StageKind stage) { return declaredSettings(stage); }

Settings::Settings(StageKind stage)
    : m_stage(stage)
{
    for (const SettingInfo& info : declaredSettings(stage))
        m_values.push_back(info.defaultValue);
}

void Settings::set(std::string_view name, const SettingValue& value)
{
    const std::size_t i = indexOf(m_stage, name);
    const SettingInfo& info = declaredSettings(m_stage)[i];
    SettingValue wanted = value;
    if (std::holds_alternative<double>(info.defaultValue) && std::holds_alternative<std::int64_t>(value))
        wanted = double(std::get<std::int64_t>(value));
    if (wanted.index() != info.defaultValue.index()) {
        constexpr std::array<std::string_view, 4> kinds {"true or false", "a whole number", "a number", "text"};
        fail("{} must be {}", info.name, kinds[info.defaultValue.index()]);
    }
    if (const auto* number = std::get_if<std::int64_t>(&wanted))
        checkRange(info, double(*number));
    if (const auto* number = std::get_if<double>(&wanted))
        checkRange(info, *number);
    if (const auto* text = std::get_if<std::string>(&wanted); text && !info.choices.empty()
        && std::find(info.choices.begin(), info.choices.end(), *text) == info.choices.end()) {
        std::string known;
        for (const std::string_view c : info.choices)
            known += (known.empty() ? "" : ", ") + std::string(c);
        fail("{} = \"{}\" is not known; there are {}", info.name, *text, known);
    }
    m_values[i] = std::move(wanted);
}

void Settings::setFromText(std::string_view name, std::string_view text)
{
    const SettingInfo& info = declaredSettings(m_stage)[indexOf(m_stage, name)];
    const auto number = [&]<class T>(T value, std::string_view kind) {
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end)
            fail("{} = \"{}\" is not {}", name, text, kind);
        return value;
    };
    if (std::holds_alternative<bool>(info.defaultValue)) {
        if (text == "true" || text == "yes" || text == "1" || text == "True")
            return set(name, true);
        if (text == "false" || text == "no" || text == "0" || text == "False")
            return set(name, false);
        fail("{} = \"{}\" is neither true nor false", name, text);
    }
    if (std::holds_alternative<std::int64_t>(info.defaultValue))
        return set(name, number(std::int64_t(0), "a whole number"));
    if (std::holds_alternative<double>(info.defaultValue))
        return set(name, number(0.0, "a number"));
    set(name, std::string(text));
}

const SettingValue& Settings::value(std::string_view name) const { return m_values[indexOf(m_stage, name)]; }

bool Settings::flag(std::string_view name) const { return std::get<bool>(value(name)); }
std::int64_t Settings::integer(std::string_view name) const { return std::get<std::int64_t>(value(name)); }
double Settings::real(std::string_view name) const { return std::get<double>(value(name)); }
const std::string& Settings::text(std::string_view name) const { return std::get<std::string>(value(name)); }

bool Settings::isDefault(std::string_view name) const
{
    const std::size_t i = indexOf(m_stage, name);
    return m_values[i] == declaredSettings(m_stage)[i].defaultValue;
}

std::vector<std::string> Settings::problems() const
{
    std::vector<std::string> problems = runSettingProblems(*this);
    if (m_stage == StageKind::Ppo) {
        if (integer("minibatch_size") > integer("rollout_batch"))
            problems.push_back(
                fmt::format("minibatch_size = {} is larger than rollout_batch = {}; make it at most as large",
                    integer("minibatch_size"), integer("rollout_batch")));
        if (text("advantage_estimator") == "rloo" && integer("rollout_batch") % integer("num_generations") != 0)
            problems.push_back(fmt::format(
                "rollout_batch = {} cannot be divided into num_generations = {} responses to each prompt; make it a "
                "multiple of that",
                integer("rollout_batch"), integer("num_generations")));
        if (integer("max_length") > 0 && integer("max_new_tokens") >= integer("max_length"))
            problems.push_back("max_new_tokens leaves no room for a prompt within max_length; raise max_length");
    }
    if (m_stage == StageKind::Dpo) {
        constexpr std::array<std::string_view, 5> smoothed {"sigmoid", "robust", "exo_pair", "aot", "aot_unpaired"};
        const std::string& loss = text("loss");
        if (real("label_smoothing") > 0.0 && std::find(smoothed.begin(), smoothed.end(), loss) == smoothed.end())
            problems.push_back(fmt::format("label_smoothing works with loss = {} only, not with {}; set it to 0",
                fmt::join(smoothed, ", "), loss));
        if (real("label_smoothing") == 0.0 && loss == "exo_pair")
            problems.push_back("loss = exo_pair needs label_smoothing above 0; its authors take 0.001");
        if (flag("sync_ref_model") && (loss == "simpo" || loss == "orpo"))
            problems.push_back(
                fmt::format("loss = {} has no reference that could follow; set sync_ref_model to false", loss));
        if (flag("sync_ref_model") && integer("lora_rank") > 0)
            problems.push_back("sync_ref_model needs the whole model trained; set lora_rank to 0");
    }
    if (m_stage == StageKind::Ppo && flag("kl_adaptive") && real("kl_coef") == 0.0)
        problems.push_back("kl_adaptive multiplies kl_coef, which is 0; give kl_coef a value above 0");
    if (integer("max_steps") == 0 && real("epochs") == 0.0)
        problems.push_back("epochs and max_steps are both 0: nothing would be trained");
    return problems;
}

Json Settings::toJson() const
{
    Json json = Json::object();
    const List& list = declaredSettings(m_stage);
    for (std::size_t i = 0; i < list.size(); ++i)
        std::visit([&](const auto& value) { json[std::string(list[i].name)] = value; }, m_values[i]);
    return json;
}

Json Settings::resultJson() const
{
    Json json = toJson();
    for (const SettingInfo& info : declaredSettings(m_stage))
        if (info.neutral)
            json.erase(std::string(info.name));
    return json;
}

Settings Settings::fromJson(StageKind stage, const Json& values)
{
    if (!values.is_object())
        fail("The settings of {} are not a JSON object", stageName(stage));
    Settings settings(stage);
    for (const auto& [name, value] : values.items()) {
        if (value.is_boolean())
            settings.set(name, value.get<bool>());
        else if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t(INT64_MAX))
            fail("{} = {} is out of range", name, value.get<std::uint64_t>());
        else if (value.is_number_integer())
            settings.set(name, value.get<std::int64_t>());
        else if (value.is_number())
            settings.set(name, value.get<double>());
        else if (value.is_string())
            settings.setFromText(name, value.get<std::string>());
        else
            fail("{} must be a number, text, true or false", name);
    }
    return settings;
}

} // namespace mpo
