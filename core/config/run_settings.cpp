// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/run_settings.h"

namespace mpo {

namespace {

using List = std::vector<SettingInfo>;

constexpr std::string_view kCheckpoints = "Checkpoints", kBest = "Best model", kDivergence = "Divergence",
                           kAlarms = "Alarms";
constexpr bool kAdvanced = true, kNeutral = true;

/// An alarm never changes what is computed.
SettingInfo alarm(
    std::string_view name, std::string_view unit, std::string_view help, double threshold, double highest = 1e9)
{
    return {name, kAlarms, unit, help, threshold, 0.0, highest, {}, kAdvanced, kNeutral};
}

} // namespace

List checkpointSettings()
{
    return {
        {"checkpoint_every", kCheckpoints, "steps", "Write a checkpoint every so many steps; 0: by checkpoint_minutes",
            std::int64_t(0), 0.0, 1e12, {}, kAdvanced, kNeutral},
        {"checkpoint_minutes", kCheckpoints, "minutes",
            "Time between checkpoints, more where writing takes long; 0: only when asked for or stopped", 2.0, 0.0, 1e6,
            {}, kAdvanced, kNeutral},
        {"keep_checkpoints", kCheckpoints, "", "How many of the newest checkpoints stay", std::int64_t(2), 1.0, 1e4, {},
            kAdvanced, kNeutral},
        {"on_divergence", kDivergence, "",
            "After a loss, gradient, reward or log-probability that is not finite: end, or go back and skip the batch",
            std::string("stop"), {}, {}, {"stop", "rollback"}, kAdvanced, kNeutral},
        {"max_rollbacks", kDivergence, "", "Batches that rollback skips before the run ends after all", std::int64_t(3),
            1.0, 1e6, {}, kAdvanced, kNeutral},
    };
}

List heldOutSettings(StageKind stage)
{
    List list {
        {"keep_best", kBest, "", "Keep the checkpoint with the best best_metric and save it as NAME-best too", false,
            {}, {}, {}, kAdvanced},
        {"load_best_at_end", kBest, "", "Save the model with the best best_metric instead of the last", false, {}, {},
            {}, kAdvanced},
        {"early_stop_patience", kBest, "evaluations",
            "Stop after so many evaluations without a better best_metric; 0: never", std::int64_t(0), 0.0, 1e6, {},
            kAdvanced},
        {"early_stop_min_change", kBest, "", "Smallest change of best_metric that counts as better", 0.0, 0.0, 1e9, {},
            kAdvanced},
    };
    const auto measuredBy = [&](std::vector<std::string_view> metrics) {
        list.insert(list.begin(),
            {"best_metric", kBest, "", "Held-out metric that decides which model is best", std::string("eval_loss"), {},
                {}, std::move(metrics), kAdvanced});
    };
    if (stage == StageKind::Reward)
        measuredBy({"eval_loss", "eval_accuracy", "eval_margin"});
    if (stage == StageKind::Dpo)
        measuredBy({"eval_loss", "eval_rewards/accuracies", "eval_rewards/margins"});
    return list;
}

List alarmSettings(StageKind stage)
{
    if (stage == StageKind::Ppo)
        return {
            alarm("alarm_kl", "nats", "Warn when the KL to the reference exceeds this; 0: never", 20.0),
            alarm("alarm_negative_kl", "nats", "Warn when the KL falls below minus this; 0: never", 1.0),
            alarm("alarm_ratio", "",
                "Warn when the mean ratio of new to old policy is this many times too large or small; 0: never", 1.5),
            alarm("alarm_approx_kl", "nats/token",
                "Warn when the policy moves further than this in the updates of a rollout; 0: never", 0.1),
            alarm("alarm_clip_fraction", "", "Warn when a larger share of tokens is clipped; 0: never", 0.3, 1.0),
            alarm("alarm_entropy", "", "Warn when the entropy falls below this share of its start; 0: never", 0.2, 1.0),
            alarm("alarm_length", "",
                "Warn when responses get this many times longer or shorter than at the start; 0: never", 3.0),
            alarm("alarm_eos_share", "", "Warn when fewer of the responses end by themselves; 0: never", 0.2, 1.0),
            alarm(
                "alarm_grad_norm", "", "Warn when a gradient norm is this many times its mean so far; 0: never", 20.0),
        };
    List list {
        alarm("alarm_grad_norm", "", "Warn when the gradient norm is this many times its mean so far; 0: never", 20.0)};
    if (stage != StageKind::Sft)
        list.insert(list.begin(),
            alarm(
                "alarm_zero_margins", "steps", "Warn when all margins are 0 for so many steps on end; 0: never", 10.0));
    return list;
}

std::vector<std::string> runSettingProblems(const Settings& settings)
{
    std::vector<std::string> problems;
    if (settings.stage() == StageKind::Ppo)
        return problems;
    for (const char* name : {"keep_best", "load_best_at_end", "early_stop_patience"}) {
        const bool wanted
            = name == std::string_view("early_stop_patience") ? settings.integer(name) > 0 : settings.flag(name);
        if (!wanted)
            continue;
        if (settings.real("eval_share") == 0.0)
            problems.push_back(std::string(name)
                + " compares models on held-out examples, but eval_share is 0; hold some out, for instance 0.1");
        if (settings.integer("eval_every") == 0)
            problems.push_back(std::string(name)
                + " needs more than the one evaluation at the end; set eval_every to the steps between evaluations");
    }
    return problems;
}

} // namespace mpo
