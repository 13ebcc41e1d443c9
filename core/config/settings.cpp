// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/settings.h"

#include "core/config/run_settings.h"
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

SettingInfo whole(std::string_view name, std::string_view group, std::string_view unit, std::string_view help,
    std::int64_t value, double low, double high = 1e12, bool advanced = false)
{
    return {name, group, unit, help, value, low, high, {}, advanced};
}

SettingInfo real(std::string_view name, std::string_view group, std::string_view unit, std::string_view help,
    double value, double low, double high, bool advanced = false)
{
    return {name, group, unit, help, value, low, high, {}, advanced};
}

SettingInfo flag(
    std::string_view name, std::string_view group, std::string_view help, bool value, bool advanced = false)
{
    return {name, group, "", help, value, {}, {}, {}, advanced};
}

SettingInfo choice(std::string_view name, std::string_view group, std::string_view help, std::string_view value,
    std::vector<std::string_view> choices, bool advanced = false)
{
    return {name, group, "", help, std::string(value), {}, {}, std::move(choices), advanced};
}

SettingInfo text(
    std::string_view name, std::string_view group, std::string_view help, std::string_view value, bool advanced = false)
{
    return {name, group, "", help, std::string(value), {}, {}, {}, advanced};
}

SettingInfo neutral(SettingInfo info)
{
    info.neutral = true;
    return info;
}

constexpr std::string_view kTraining = "Training", kOptimiser = "Optimiser", kData = "Data", kMachine = "Machine",
                           kLora = "LoRA";

/// What every stage has; `rate` and `schedule` are the defaults that differ.
List common(double rate, std::string_view schedule)
{
    return {
        real("learning_rate", kOptimiser, "", "Step size of AdamW at its highest point", rate, 0.0, 1.0),
        choice("lr_schedule", kOptimiser, "How the learning rate moves after the warm-up", schedule,
            {"linear", "cosine", "constant"}),
        whole("warmup_steps", kOptimiser, "steps", "Steps over which the learning rate rises from 0", 0, 0),
        real("weight_decay", kOptimiser, "", "Decoupled weight decay; not for norms and biases", 0.0, 0.0, 10.0, true),
        real("max_grad_norm", kOptimiser, "", "Gradients are scaled down to this norm; 0: never", 1.0, 0.0, 1e6, true),
        real("adam_beta1", kOptimiser, "", "Decay of the mean of gradients", 0.9, 0.0, 0.9999, true),
        real("adam_beta2", kOptimiser, "", "Decay of the mean of squared gradients", 0.999, 0.0, 0.99999, true),
        real("adam_epsilon", kOptimiser, "", "Added to the root of the mean of squares", 1e-8, 0.0, 1.0, true),
        real("epochs", kTraining, "", "Passes over the data", 1.0, 0.0, 1e6),
        whole("max_steps", kTraining, "steps", "Steps in all; 0: by epochs", 0, 0),
        whole("max_length", kData, "tokens", "Longest prompt plus response; 0: no limit", 1024, 0),
        flag("shuffle", kData, "Draw the data in a new random order each epoch", true, true),
        whole("seed", kTraining, "", "Seed of every random choice of the run", 42, 0, 9e15),
        choice("dtype", kMachine, "Type of the matrix products; weights and losses stay in fp32", "fp32",
            {"fp32", "bf16", "auto"}),
        neutral(flag("gradient_checkpointing", kMachine,
            "Compute each layer again on the way back instead of keeping it: a third slower, much less memory", false,
            true)),
        neutral(whole("processes", kMachine, "",
            "Processes on this machine that divide each step; the result is the same", 1, 1, 256, true)),
        whole("lora_rank", kLora, "", "Rank of the adapter that is trained; 0: the whole model is", 0, 0, 4096),
        real("lora_alpha", kLora, "", "Scale of the adapter times its rank", 16.0, 1e-3, 1e6),
        real("lora_dropout", kLora, "", "Share of an adapter's inputs left out in training (not in PPO)", 0.0, 0.0,
            0.99, true),
        text("lora_targets", kLora, "Linear layers that get one: all-linear, or names such as q_proj,v_proj",
            "all-linear", true),
        flag("lora_rslora", kLora, "Scale by alpha / sqrt(rank) instead of alpha / rank (arXiv 2312.03732)", false,
            true),
    };
}

/// What the stages on examples have beside that.
List onExamples(double rate, double evalShare, bool evalAdvanced = true)
{
    List list = common(rate, "linear");
    const List more {
        whole("batch_size", kTraining, "examples", "Examples that go through the model at a time", 8, 1, 65536),
        whole("gradient_accumulation", kTraining, "batches", "Batches to an optimiser step", 1, 1, 65536),
        real("eval_share", kData, "", "Share of the examples held out for the eval_ metrics", evalShare, 0.0, 0.5,
            evalAdvanced),
        whole("eval_every", kData, "steps", "Compute the eval_ metrics every so many steps; 0: at the end", 0, 0, 1e12,
            true),
    };
    list.insert(list.begin() + 8, more.begin(), more.end());
    return list;
}

List with(List list, const List& more)
{
    list.insert(list.begin(), more.begin(), more.end());
    return list;
}

List aboutTheRun(List list, StageKind stage)
{
    for (const List& more :
        {stage == StageKind::Ppo ? List {} : heldOutSettings(stage), checkpointSettings(), alarmSettings(stage)})
        list.insert(list.end(), more.begin(), more.end());
    return list;
}

const List& declared(StageKind stage)
{
    static const List sft = aboutTheRun(onExamples(2e-5, 0.0), StageKind::Sft);
    static const List reward = with(aboutTheRun(onExamples(1e-5, 0.05, false), StageKind::Reward),
        {real("centering", "Reward model", "",
            "Weight of (score chosen + score rejected)^2, which keeps scores around 0", 0.0, 0.0, 10.0, true)});
    static const List dpo = with(aboutTheRun(onExamples(1e-6, 0.0), StageKind::Dpo),
        {real("beta", "DPO", "", "How strongly the policy is held to the reference", 0.1, 1e-4, 100.0),
            choice("loss", "DPO", "Loss on the pairs; sigmoid with label smoothing is conservative DPO", "sigmoid",
                {"sigmoid", "ipo", "hinge", "robust", "exo_pair", "nca_pair", "bco_pair", "sppo_hard", "aot",
                    "aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm", "simpo", "orpo"}),
            real("label_smoothing", "DPO", "",
                "Assumed share of flipped labels; for sigmoid, robust, exo_pair (0.001), aot and aot_unpaired", 0.0,
                0.0, 0.499),
            real("simpo_gamma", "DPO", "", "Margin that simpo wants, about half of beta", 0.5, 0.0, 100.0, true),
            flag("sync_ref_model", "DPO",
                "The reference follows the policy (TR-DPO, arXiv 2404.09656) instead of staying as it is", false, true),
            real("ref_model_mixup_alpha", "DPO", "", "Share of the policy in the new reference (sync_ref_model)", 0.6,
                1e-6, 1.0, true),
            whole("ref_model_sync_steps", "DPO", "steps", "Steps between two such updates (sync_ref_model)", 512, 1,
                1e12, true)});
    static const List ppo = with(aboutTheRun(common(1e-6, "constant"), StageKind::Ppo),
        {whole("rollout_batch", "Rollout", "responses", "Responses sampled before each update phase", 64, 1, 65536),
            whole("max_new_tokens", "Rollout", "tokens", "Longest response", 64, 1, 65536),
            real("temperature", "Rollout", "", "Of sampling and of all log-probs", 1.0, 0.05, 5.0),
            whole("total_episodes", "Rollout", "responses", "Responses in all; 0: by epochs over the prompts", 0, 0),
            whole("sample_prompts", "Rollout", "", "Responses of each rollout that are kept to look at", 4, 0, 1000,
                true),
            choice("advantage_estimator", "PPO",
                "gae: PPO with a value model; rloo: several responses to a prompt are each other's baseline, no value "
                "model (arXiv 2402.14740)",
                "gae", {"gae", "rloo"}),
            whole("num_generations", "Rollout", "responses", "Responses to each prompt (advantage_estimator = rloo)", 4,
                2, 1024, true),
            whole("ppo_epochs", "PPO", "", "Passes over a rollout", 4, 1, 100),
            whole("minibatch_size", "PPO", "responses", "Responses to an optimiser step", 16, 1, 65536),
            whole("micro_batch", "PPO", "responses", "Responses that go through a model at a time", 8, 1, 65536, true),
            real("kl_coef", "KL", "", "Weight of the KL to the reference in the reward", 0.05, 0.0, 100.0),
            choice("kl_estimator", "KL", "Estimator of the KL in the reward", "k1", {"k1", "k3"}, true),
            flag("kl_adaptive", "KL", "Move kl_coef so that the KL comes to kl_target", false, true),
            real("kl_target", "KL", "nats", "Wanted KL of a response", 6.0, 1e-6, 1e6, true),
            real("kl_horizon", "KL", "responses", "How slowly kl_coef moves", 10000.0, 1.0, 1e12, true),
            real("max_kl", "KL", "nats", "The run stops when the KL to the reference exceeds it; 0: never", 0.0, 0.0,
                1e6, true),
            real("gamma", "PPO", "", "Discount", 1.0, 0.0, 1.0, true),
            real("lam", "PPO", "", "Lambda of GAE", 0.95, 0.0, 1.0, true),
            real("cliprange", "PPO", "", "Clip range of the ratio", 0.2, 1e-4, 10.0, true),
            real("cliprange_value", "PPO", "", "Clip range of the value", 0.2, 1e-4, 1e6, true),
            real("value_learning_rate", kOptimiser, "", "Learning rate of the value model", 5e-6, 0.0, 1.0),
            choice("value_model", "PPO",
                "A network of its own that starts as the reward model, or a head on the policy", "own",
                {"own", "policy"}),
            real("value_loss_coef", "PPO", "", "Weight of the value loss in the policy's trunk (value_model = policy)",
                0.1, 0.0, 100.0, true),
            whole("value_warmup_rollouts", "PPO", "rollouts", "Rollouts in which only the value model learns", 0, 0,
                1e6, true),
            flag("whiten_rewards", "PPO", "Divide rewards by their standard deviation", false, true),
            flag("whiten_advantages", "PPO", "Advantages with mean 0 and standard deviation 1", true, true),
            real("missing_eos_penalty", "Score", "", "Taken off the score of a response that does not end", 1.0, 0.0,
                1e6),
            real("score_clip", "Score", "", "Scores are clipped to this size; 0: not", 0.0, 0.0, 1e6, true),
            choice("normalize_scores", "Score", "Subtract the running mean and divide by the running deviation", "none",
                {"none", "running"}, true)});
    switch (stage) {
    case StageKind::Sft:
        return sft;
    case StageKind::Reward:
        return reward;
    case StageKind::Dpo:
        return dpo;
    case StageKind::Ppo:
        return ppo;
    }
    return sft;
}

std::size_t indexOf(StageKind stage, std::string_view name)
{
    const List& list = declared(stage);
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

std::span<const SettingInfo> settingInfos(StageKind stage) { return declared(stage); }

Settings::Settings(StageKind stage)
    : m_stage(stage)
{
    for (const SettingInfo& info : declared(stage))
        m_values.push_back(info.defaultValue);
}

void Settings::set(std::string_view name, const SettingValue& value)
{
    const std::size_t i = indexOf(m_stage, name);
    const SettingInfo& info = declared(m_stage)[i];
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
    const SettingInfo& info = declared(m_stage)[indexOf(m_stage, name)];
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
    return m_values[i] == declared(m_stage)[i].defaultValue;
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
    const List& list = declared(m_stage);
    for (std::size_t i = 0; i < list.size(); ++i)
        std::visit([&](const auto& value) { json[std::string(list[i].name)] = value; }, m_values[i]);
    return json;
}

Json Settings::resultJson() const
{
    Json json = toJson();
    for (const SettingInfo& info : declared(m_stage))
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
