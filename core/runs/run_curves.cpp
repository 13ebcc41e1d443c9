// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/run_curves.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace mpo {

namespace {

constexpr std::string_view kTrain = "train/", kEval = "eval/", kEvalHere = "eval_";

} // namespace

std::string metricNameHere(std::string_view tag)
{
    if (tag.starts_with(kTrain) && tag.size() > kTrain.size())
        return std::string(tag.substr(kTrain.size()));
    if (tag.starts_with(kEval) && tag.size() > kEval.size())
        return std::string(kEvalHere) + std::string(tag.substr(kEval.size()));
    return std::string(tag);
}

std::string tensorBoardTag(std::string_view metric)
{
    if (metric.starts_with(kEvalHere) && metric.size() > kEvalHere.size())
        return std::string(kEval) + std::string(metric.substr(kEvalHere.size()));
    return std::string(kTrain) + std::string(metric);
}

std::vector<MetricSeries> seriesFrom(std::vector<MetricSeries> written)
{
    for (MetricSeries& series : written) {
        const auto before = [](const MetricPoint& a, const MetricPoint& b) { return a.step < b.step; };
        if (!std::is_sorted(series.points.begin(), series.points.end(), before))
            std::stable_sort(series.points.begin(), series.points.end(), before);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < series.points.size(); ++i)
            if (i + 1 == series.points.size() || series.points[i + 1].step != series.points[i].step)
                series.points[kept++] = series.points[i];
        series.points.resize(kept);
    }
    std::erase_if(written, [](const MetricSeries& series) { return series.points.empty(); });
    return written;
}

std::string timeOfSeconds(double secondsSince1970)
{
    // Years 1970 to 9999; anything else is no time of a run.
    if (!(secondsSince1970 >= 0.0 && secondsSince1970 < 253402300800.0))
        return {};
    const auto seconds = std::time_t(secondsSince1970);
    std::tm parts {};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::int64_t secondsOfTime(const std::string& time)
{
    std::tm parts {};
    const char* end = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return end && *end == '\0' ? std::int64_t(::timegm(&parts)) : 0;
}

} // namespace mpo
