// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/stage_settings.h"

#include "core/config/run_settings.h"

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
                           kLora = "LoRA", kSamples = "Samples";

SettingInfo sampleEvery(std::string_view unit)
{
    return neutral(whole("sample_every", kSamples, unit, "Sample them anew after so many; 0: about ten times in a run",
        0, 0, 1e12, true));
}

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
        choice("dtype", kMachine,
            "Type of the matrix products, weights and losses stay in fp32; auto: bf16 where it is faster", "auto",
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

} // namespace

const std::vector<SettingInfo>& declaredSettings(StageKind stage)
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
                1e12, true),
            neutral(whole("sample_prompts", kSamples, "",
                "Prompts whose responses are sampled during the run to look at, at temperature 0.7; 0: none", 4, 0,
                1000, true)),
            sampleEvery("steps"),
            neutral(whole("sample_tokens", kSamples, "tokens", "Longest of these responses", 64, 1, 65536, true))});
    static const List ppo = with(aboutTheRun(common(1e-6, "constant"), StageKind::Ppo),
        {whole("rollout_batch", "Rollout", "responses", "Responses sampled before each update phase", 64, 1, 65536),
            whole("max_new_tokens", "Rollout", "tokens", "Longest response", 64, 1, 65536),
            real("temperature", "Rollout", "", "Of sampling and of all log-probs", 1.0, 0.05, 5.0),
            whole("total_episodes", "Rollout", "responses", "Responses in all; 0: by epochs over the prompts", 0, 0),
            whole("sample_prompts", kSamples, "", "Prompts whose responses are sampled during the run to look at", 4, 0,
                1000, true),
            sampleEvery("rollouts"),
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

} // namespace mpo
