// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_alarm.h"

#include <QCoreApplication>

#include <cmath>

namespace mpo {

namespace {

struct Limit
{
    std::string_view metric;
    double low, high;
    const char* sentence;
};

constexpr Limit kLimits[] {
    {"objective/kl", -HUGE_VAL, 20.0,
        "The policy has moved far from its reference. Raise kl_coef or lower learning_rate."},
    {"policy/approxkl_avg", -HUGE_VAL, 0.1,
        "Each update moves the policy a long way. Lower learning_rate or ppo_epochs."},
    {"policy/clipfrac_avg", -HUGE_VAL, 0.3,
        "Many tokens are clipped: updates are too large. Lower learning_rate or ppo_epochs."},
    {"val/ratio", 0.5, 2.0, "The ratio of new to old policy has left 0.5 to 2. Lower learning_rate."},
    {"policy/entropy_avg", 0.01, HUGE_VAL,
        "Entropy is almost 0: the policy repeats itself. Raise kl_coef or temperature."},
    {"entropy", 0.01, HUGE_VAL, "Entropy is almost 0: the model repeats itself. Stop earlier or lower learning_rate."},
    {"response/eos_share", 0.2, HUGE_VAL,
        "Most responses run into the length limit. Raise max_new_tokens or missing_eos_penalty."},
    {"grad_norm", -HUGE_VAL, 1000.0, "The gradient is very large. Lower learning_rate or use warmup_steps."},
};

} // namespace

QString metricAlarm(std::string_view metric, double value)
{
    if (std::isnan(value))
        return QCoreApplication::translate("mpo", "The value is not a number. Stop the run and lower learning_rate.");
    for (const Limit& limit : kLimits)
        if (limit.metric == metric && (value < limit.low || value > limit.high))
            return QCoreApplication::translate("mpo", limit.sentence);
    return {};
}

} // namespace mpo
