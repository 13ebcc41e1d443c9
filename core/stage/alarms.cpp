// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace mpo {

namespace {

constexpr std::int64_t kGradientsBefore = 10; ///< norms that a mean needs before a spike can be told from noise
constexpr double kMeanDecay = 0.9; ///< of the running mean of gradient norms

/// Nothing for a metric that is not there or not finite: divergence.h deals with those.
std::optional<double> find(const Metrics& metrics, std::string_view name)
{
    const auto found
        = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
    if (found == metrics.end() || !std::isfinite(found->value))
        return std::nullopt;
    return found->value;
}

} // namespace

std::vector<AlarmRow> Alarms::look(std::int64_t step, const Metrics& metrics)
{
    m_step = step;
    m_raised.clear();
    m_passed.clear();
    lookAtKl(metrics);
    lookAtUpdates(metrics);
    lookAtDrift(metrics);
    lookAtMargins(metrics);
    lookAtGradients(metrics);
    return m_raised;
}

double Alarms::threshold(const char* name) const
{
    const auto infos = settingInfos(m_settings.stage());
    const bool declared = std::any_of(infos.begin(), infos.end(), [&](const auto& info) { return info.name == name; });
    return declared ? m_settings.real(name) : 0.0;
}

void Alarms::raise(const char* name, bool condition, double value, double threshold, const std::string& text)
{
    if (condition && !m_on[name])
        m_raised.push_back({m_step, name, value, threshold, fmt::format("Step {}: {}", m_step, text)});
    if (std::exchange(m_on[name], condition) && !condition)
        m_passed.push_back(name);
}

void Alarms::lookAtKl(const Metrics& metrics)
{
    const auto kl = find(metrics, "objective/kl");
    if (!kl)
        return;
    if (const double limit = threshold("alarm_kl"); limit > 0.0)
        raise("alarm_kl", *kl > limit, *kl, limit,
            fmt::format(
                "the KL to the reference is {:.3g} nats a response, above alarm_kl = {:g}: the policy leaves its "
                "anchor; raise kl_coef or lower learning_rate",
                *kl, limit));
    if (const double limit = threshold("alarm_negative_kl"); limit > 0.0)
        raise("alarm_negative_kl", *kl < -limit, *kl, -limit,
            fmt::format(
                "the KL to the reference is {:.3g} nats a response, below -{:g} (alarm_negative_kl): the policy "
                "has learned to exploit the estimate of the KL; lower learning_rate, or set kl_estimator = k3",
                *kl, limit));
}

void Alarms::lookAtUpdates(const Metrics& metrics)
{
    const double ratioLimit = threshold("alarm_ratio"), clipLimit = threshold("alarm_clip_fraction");
    if (const auto ratio = find(metrics, "val/ratio"); ratio && ratioLimit > 1.0)
        raise("alarm_ratio", *ratio > ratioLimit || *ratio < 1.0 / ratioLimit, *ratio, ratioLimit,
            fmt::format("the mean ratio of new to old policy is {:.3g}, further from 1 than alarm_ratio = {:g} allows: "
                        "updates are too drastic; lower learning_rate or ppo_epochs",
                *ratio, ratioLimit));
    const double moveLimit = threshold("alarm_approx_kl");
    if (const auto moved = find(metrics, "policy/approxkl_avg"); moved && moveLimit > 0.0)
        raise("alarm_approx_kl", *moved > moveLimit, *moved, moveLimit,
            fmt::format("the updates of this rollout moved the policy by {:.3g} nats a token, above alarm_approx_kl = "
                        "{:g}; lower learning_rate or ppo_epochs",
                *moved, moveLimit));
    if (const auto clipped = find(metrics, "policy/clipfrac_avg"); clipped && clipLimit > 0.0)
        raise("alarm_clip_fraction", *clipped > clipLimit, *clipped, clipLimit,
            fmt::format("{:.3g} of the tokens are clipped, above alarm_clip_fraction = {:g}: updates are too large; "
                        "lower learning_rate or ppo_epochs",
                *clipped, clipLimit));
}

void Alarms::lookAtDrift(const Metrics& metrics)
{
    const double entropyLimit = threshold("alarm_entropy"), lengthLimit = threshold("alarm_length");
    const auto entropy = find(metrics, "objective/entropy"), length = find(metrics, "response/length");
    if (entropy && length && *length > 0.0 && entropyLimit > 0.0) {
        // A token, so that shorter responses alone do not count.
        const double perToken = *entropy / *length, start = m_starts.emplace("entropy", perToken).first->second;
        raise("alarm_entropy", perToken < entropyLimit * start, perToken, entropyLimit * start,
            fmt::format(
                "the entropy is {:.3g} nats a token and was {:.3g} at the start, below the share alarm_entropy = "
                "{:g}: responses become all alike; raise kl_coef or temperature, or lower learning_rate",
                perToken, start, entropyLimit));
    }
    if (const auto ended = find(metrics, "response/eos_share"), limit = std::optional(threshold("alarm_eos_share"));
        ended && *limit > 0.0)
        raise("alarm_eos_share", *ended < *limit, *ended, *limit,
            fmt::format("{:.3g} of the responses end by themselves, below alarm_eos_share = {:g}: the others run into "
                        "max_new_tokens; raise that or missing_eos_penalty",
                *ended, *limit));
    if (length && lengthLimit > 1.0) {
        const double start = m_starts.emplace("length", *length).first->second;
        raise("alarm_length", start > 0.0 && (*length > lengthLimit * start || *length < start / lengthLimit), *length,
            lengthLimit * start,
            fmt::format("responses have {:.3g} tokens on average and had {:.3g} at the start, a change beyond "
                        "alarm_length = {:g} times: the reward may be rewarding length; read the samples, and look at "
                        "the reward model's scores by length",
                *length, start, lengthLimit));
    }
}

void Alarms::lookAtMargins(const Metrics& metrics)
{
    const double limit = threshold("alarm_zero_margins");
    for (const char* name : {"rewards/margins", "margin"}) {
        const auto margin = find(metrics, name);
        if (!margin || limit == 0.0)
            continue;
        m_stepsWithoutMargins = *margin == 0.0 ? m_stepsWithoutMargins + 1 : 0;
        raise("alarm_zero_margins", double(m_stepsWithoutMargins) >= limit, double(m_stepsWithoutMargins), limit,
            fmt::format(
                "{} has been exactly 0 for {} steps on end (alarm_zero_margins = {:g}): the model learns nothing "
                "from these pairs; look whether learning_rate is 0 and whether chosen and rejected differ",
                name, m_stepsWithoutMargins, limit));
    }
}

void Alarms::lookAtGradients(const Metrics& metrics)
{
    const double limit = threshold("alarm_grad_norm");
    for (const char* name : {"grad_norm", "policy/grad_norm", "value/grad_norm"}) {
        const auto norm = find(metrics, name);
        if (!norm || limit == 0.0)
            continue;
        Mean& mean = m_means[name];
        const std::string key = std::string("alarm_grad_norm of ") + name;
        raise(key.c_str(), mean.count >= kGradientsBefore && *norm > limit * mean.value, *norm, limit * mean.value,
            fmt::format(
                "{} is {:.3g}, more than alarm_grad_norm = {:g} times its recent mean of {:.3g}: an unusual batch "
                "or a learning_rate that is too high; lower learning_rate or max_grad_norm if it comes again",
                name, *norm, limit, mean.value));
        mean.value = mean.count == 0 ? *norm : kMeanDecay * mean.value + (1.0 - kMeanDecay) * *norm;
        ++mean.count;
    }
}

Json Alarms::toJson() const
{
    Json means = Json::object();
    for (const auto& [name, mean] : m_means)
        means[name] = {mean.value, mean.count};
    return {{"on", m_on}, {"starts", m_starts}, {"means", means}, {"without_margins", m_stepsWithoutMargins}};
}

void Alarms::restore(const Json& state)
{
    m_on = state.at("on").get<std::map<std::string, bool>>();
    m_starts = state.at("starts").get<std::map<std::string, double>>();
    m_means.clear();
    for (const auto& [name, mean] : state.at("means").items())
        m_means[name] = {mean.at(0).get<double>(), mean.at(1).get<std::int64_t>()};
    m_stepsWithoutMargins = state.at("without_margins").get<std::int64_t>();
}

} // namespace mpo
