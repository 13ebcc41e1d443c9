// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/alarm_metrics.h"

#include <algorithm>
#include <array>

namespace mpo {

namespace {

struct Pair
{
    std::string_view alarm, metric;
};

/// Alarms are named after the setting that holds their threshold.
constexpr std::array kPairs {Pair {"alarm_kl", "objective/kl"}, Pair {"alarm_negative_kl", "objective/kl"},
    Pair {"alarm_ratio", "val/ratio"}, Pair {"alarm_approx_kl", "policy/approxkl_avg"},
    Pair {"alarm_clip_fraction", "policy/clipfrac_avg"}, Pair {"alarm_entropy", "objective/entropy"},
    Pair {"alarm_length", "response/length"}, Pair {"alarm_eos_share", "response/eos_share"},
    Pair {"alarm_zero_margins", "rewards/margins"}, Pair {"alarm_zero_margins", "margin"}};
constexpr std::string_view kGradNorm = "alarm_grad_norm of "; // the one that watches several metrics

} // namespace

bool alarmIsOf(std::string_view alarm, std::string_view metric)
{
    if (alarm.starts_with(kGradNorm))
        return alarm.substr(kGradNorm.size()) == metric;
    return std::any_of(
        kPairs.begin(), kPairs.end(), [&](const Pair& pair) { return pair.alarm == alarm && pair.metric == metric; });
}

} // namespace mpo
