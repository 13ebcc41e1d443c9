// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// A run as other programs write it down: curves with what they say of its settings.
struct RunCurves
{
    std::string name; ///< of its folder or file
    std::string source; ///< file or folder it was read from
    std::string started; ///< ISO 8601, UTC; empty: the file does not tell
    Json settings = Json::object(); ///< in the words of the other program
    std::vector<MetricSeries> metrics; ///< in our names, see metricNameHere()
    std::int64_t lastStep = 0, totalSteps = 0;
    std::vector<std::string> notes; ///< what could not be read, sentences
};

/// Trainers of transformers and TRL write to TensorBoard "train/loss" and "eval/loss" where trainer_state.json and this
/// program have "loss" and "eval_loss".
std::string metricNameHere(std::string_view tensorBoardTag); ///< "train/rewards/margins" -> "rewards/margins"
std::string tensorBoardTag(std::string_view metric); ///< the way back: "eval_loss" -> "eval/loss"

/// Series by name from points in the order in which they were written: sorted by step, of several values at one step
/// the last one counts.
std::vector<MetricSeries> seriesFrom(std::vector<MetricSeries> written);

/// "2026-01-31T12:00:00Z" and back, whole seconds. secondsOfTime: 0 where the text is no such time.
std::string timeOfSeconds(double secondsSince1970);
std::int64_t secondsOfTime(const std::string& time);

} // namespace mpo
