// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// One number of one step. Names are TRL's where TRL has the number, so that curves of both can be compared.
struct Metric
{
    std::string name; ///< as in metricInfos(); the part before the last '/' is the group it is drawn in
    double value = 0.0;
};

using Metrics = std::vector<Metric>;

struct MetricInfo
{
    std::string_view name;
    std::string_view unit; ///< empty: none
    std::string_view meaning; ///< one line: what it is, which estimator, and what healthy looks like
};

/// Every metric that a stage can report.
std::span<const MetricInfo> metricInfos();
/// nullptr for an unknown name. Of a part of the examples: that of the metric.
const MetricInfo* findMetricInfo(std::string_view name);

/// A metric over a part of the examples: "rewards/margins[gap 0.5..1.3]".
std::string metricOfPart(std::string_view metric, std::string_view part);
/// The two halves of such a name; part empty: the metric is over all examples.
struct MetricPart
{
    std::string_view metric, part;
};
MetricPart partOfMetric(std::string_view name);

} // namespace mpo
