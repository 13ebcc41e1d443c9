// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/bootstrap.h"

#include "core/support/random.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace mpo {

namespace {

/// Between the two neighbours of rank probability * (n - 1), linearly.
double quantileOfSorted(const std::vector<double>& sorted, double probability)
{
    const double rank = probability * double(sorted.size() - 1);
    const auto below = std::size_t(rank);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (rank - double(below)) * (sorted[above] - sorted[below]);
}

Interval percentiles(std::vector<double> values, double level)
{
    std::sort(values.begin(), values.end());
    const double tail = 0.5 * (1.0 - level);
    return {quantileOfSorted(values, tail), quantileOfSorted(values, 1.0 - tail)};
}

} // namespace

Interval bootstrapInterval(std::span<const double> values, const BootstrapOptions& options)
{
    assert(options.resamples > 0);
    if (values.empty())
        return {0.0, 0.0};
    RandomStream random(options.seed, "bootstrap");
    const auto count = std::int64_t(values.size());
    std::vector<double> means(std::size_t(options.resamples), 0.0);
    for (double& mean : means) {
        for (std::int64_t i = 0; i < count; ++i)
            mean += values[std::size_t(random.below(count))];
        mean /= double(count);
    }
    return percentiles(std::move(means), options.level);
}

double meanOfGroups(std::span<const std::vector<double>> groups)
{
    double sum = 0.0, count = 0.0;
    for (const std::vector<double>& group : groups)
        if (!group.empty()) {
            sum += std::accumulate(group.begin(), group.end(), 0.0) / double(group.size());
            count += 1.0;
        }
    return count > 0.0 ? sum / count : 0.0;
}

Interval bootstrapOfGroups(std::span<const std::vector<double>> groups, const BootstrapOptions& options)
{
    assert(options.resamples > 0);
    std::vector<const std::vector<double>*> filled;
    for (const std::vector<double>& group : groups)
        if (!group.empty())
            filled.push_back(&group);
    if (filled.empty())
        return {0.0, 0.0};
    RandomStream random(options.seed, "bootstrap of groups");
    std::vector<double> means(std::size_t(options.resamples), 0.0);
    for (double& mean : means) {
        for (std::size_t drawn = 0; drawn < filled.size(); ++drawn) {
            const std::vector<double>& group = *filled[std::size_t(random.below(std::int64_t(filled.size())))];
            double sum = 0.0;
            for (std::size_t i = 0; i < group.size(); ++i)
                sum += group[std::size_t(random.below(std::int64_t(group.size())))];
            mean += sum / double(group.size());
        }
        mean /= double(filled.size());
    }
    return percentiles(std::move(means), options.level);
}

std::vector<Interval> bootstrapIntervals(
    std::int64_t units, const SampleStatistics& statistics, const BootstrapOptions& options)
{
    assert(options.resamples > 0);
    RandomStream random(options.seed, "bootstrap");
    std::vector<std::int64_t> drawn(std::size_t(std::max<std::int64_t>(0, units)));
    std::vector<std::vector<double>> found; // [statistic][resample]
    for (int resample = 0; resample < options.resamples; ++resample) {
        for (std::int64_t& unit : drawn)
            unit = random.below(units);
        const std::vector<double> values = statistics(drawn);
        found.resize(values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            if (std::isfinite(values[i]))
                found[i].push_back(values[i]);
    }
    std::vector<Interval> intervals;
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    for (std::vector<double>& values : found)
        intervals.push_back(values.empty() ? Interval {kNone, kNone} : percentiles(std::move(values), options.level));
    return intervals;
}

} // namespace mpo
