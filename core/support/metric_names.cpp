// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/metric_names.h"

#include <algorithm>
#include <array>

namespace mpo {

namespace {

/// THE TABLE. A name stands once; where two stages report it, the meaning holds for both.
constexpr auto kMetrics = std::to_array<MetricInfo>({
    // Every stage
    {"loss", "nats",
        "The loss of this optimiser step, before the step. Should fall, then level out; DPO starts at ln 2 = 0.693 "
        "with the sigmoid loss"},
    {"eval_loss", "nats", "The loss on held-out data. Rising while loss falls: the model memorises, stop earlier"},
    {"grad_norm", "",
        "Global L2 norm of the gradient before clipping. Steady within a factor of ten; jumps and NaN mean the "
        "learning rate is too high"},
    {"learning_rate", "", "The learning rate that this step used"},
    {"epoch", "epochs", "Passes over the data so far"},
    {"entropy", "nats/token",
        "Mean entropy of the next-token distribution on response tokens. Falls slowly; near 0: the model repeats "
        "itself"},
    {"num_tokens", "tokens", "Tokens computed since the start of the run, prompts included"},
    {"tokens_per_second", "tokens/s", "Tokens computed per second of wall time over the last step"},
    {"step_seconds", "s", "Wall time of the last optimiser step, or of the last rollout and its updates in PPO"},
    {"peak_rss_mb", "MB", "Largest memory of the process so far (resident set)"},
    // Reward model
    {"accuracy", "",
        "Share of training pairs whose chosen response scores higher than the rejected one (strictly). 0.6 to 0.75 is "
        "normal on human data"},
    {"margin", "",
        "Mean score difference chosen - rejected on training pairs. Should grow from 0; growing without end is "
        "over-fitting"},
    {"min_reward", "", "Smallest score in the batch"},
    {"mean_reward", "",
        "Mean score of chosen and rejected responses in the batch. Its level is arbitrary; steady drift can be stopped "
        "with centering"},
    {"max_reward", "", "Largest score in the batch"},
    {"eval_accuracy", "",
        "Share of held-out pairs ordered as labelled. The number to judge a reward model by; the longer response wins "
        "0.62 of helpful pairs already"},
    {"eval_margin", "", "Mean score difference chosen - rejected on held-out pairs"},
    // DPO
    {"rewards/chosen", "nats",
        "Mean implicit reward beta * (log pi - log ref) of chosen responses. Near 0 or slowly falling; a steep fall is "
        "likelihood displacement"},
    {"rewards/rejected", "nats",
        "Mean implicit reward beta * (log pi - log ref) of rejected responses. Should fall faster than rewards/chosen"},
    {"rewards/margins", "nats", "Mean implicit reward of chosen minus rejected. Starts at 0 and should grow"},
    {"rewards/accuracies", "",
        "Share of pairs with a positive margin (strictly, so 0 at the first step). Should rise towards 0.6 to 0.9"},
    {"logps/chosen", "nats",
        "Mean summed log-probability of chosen responses under the policy. A large fall: the model unlearns what it "
        "should prefer"},
    {"logps/rejected", "nats", "Mean summed log-probability of rejected responses under the policy. Usually falls"},
    {"eval_rewards/margins", "nats", "rewards/margins on held-out pairs"},
    {"eval_rewards/accuracies", "", "rewards/accuracies on held-out pairs. Should follow the training curve"},
    // PPO: the objective
    {"objective/kl", "nats",
        "Mean over responses of the summed log-ratio (k1) to the stage's reference model. 0 at the start, then a few "
        "nats; above 20 the policy has left its anchor"},
    {"objective/kl_sft", "nats", "The same to the SFT model: the drift of both stages together"},
    {"objective/entropy", "nats",
        "Mean over responses of the summed -log-probability of the sampled tokens. A fall towards 0 is mode collapse"},
    {"objective/non_score_reward", "",
        "Mean over responses of the KL penalty as a reward: -kl_coef * KL. Negative and small against the scores"},
    {"objective/rlhf_reward", "", "Mean score plus KL penalty: what PPO maximises. Should rise"},
    {"objective/scores", "",
        "Mean score of the sampled responses by the reward model, missing-EOS penalty included. Should rise, not shoot "
        "up"},
    {"objective/kl_coef", "", "The KL coefficient in use; moves only with the adaptive controller"},
    // PPO: the policy
    {"policy/approxkl_avg", "nats/token",
        "Half the mean squared log-ratio to the policy of the rollout. Below 0.05; more: updates too large"},
    {"policy/clipfrac_avg", "",
        "Share of response tokens whose ratio the clip cut off. 0.02 to 0.2 is usual; above 0.3 updates are too large"},
    {"policy/entropy_avg", "nats/token",
        "Mean entropy of the next-token distribution during the updates. Slow decline is normal"},
    {"policy/grad_norm", "",
        "Global L2 norm of the policy's gradient before clipping, mean over the optimiser steps of the rollout"},
    {"loss/policy_avg", "",
        "Mean clipped policy loss over the updates of the rollout. Hovers around 0: it is no measure of progress"},
    // PPO: the value model
    {"loss/value_avg", "", "Mean clipped value loss (half the squared error). Should fall, then follow the scores"},
    {"val/clipfrac_avg", "", "Share of response tokens whose value the clip cut off. Below 0.2"},
    {"val/ratio", "",
        "Mean probability ratio new / old policy. Floats around 1.0; 2 or 0.5 mean that updates are too drastic"},
    {"val/explained_variance", "",
        "1 - Var(return - value) / Var(return). Towards 1 is good; below 0 the values are worse than a constant"},
    {"val/num_eos_tokens", "tokens", "EOS tokens in the sampled responses of the rollout"},
    {"value/grad_norm", "",
        "Global L2 norm of the value model's gradient before clipping, mean over the optimiser steps of the rollout"},
    // PPO: the responses and the run
    {"response/length", "tokens",
        "Mean length of the sampled responses. A steady climb to the cap is reward hacking by length"},
    {"response/eos_share", "",
        "Share of responses that ended by themselves. Near 1; falling means that responses run into the cap"},
    {"lr", "", "Learning rate of the policy at this step"},
    {"value_lr", "", "Learning rate of the value model at this step"},
    {"episode", "episodes", "Responses sampled so far"},
});

} // namespace

std::span<const MetricInfo> metricInfos() { return kMetrics; }

std::string metricOfPart(std::string_view metric, std::string_view part)
{
    return std::string(metric) + '[' + std::string(part) + ']';
}

MetricPart partOfMetric(std::string_view name)
{
    const auto bracket = name.find('[');
    if (bracket == std::string_view::npos || !name.ends_with(']'))
        return {name, {}};
    return {name.substr(0, bracket), name.substr(bracket + 1, name.size() - bracket - 2)};
}

const MetricInfo* findMetricInfo(std::string_view wanted)
{
    const std::string_view name = partOfMetric(wanted).metric;
    const auto found
        = std::find_if(kMetrics.begin(), kMetrics.end(), [&](const auto& info) { return info.name == name; });
    return found == kMetrics.end() ? nullptr : &*found;
}

} // namespace mpo
