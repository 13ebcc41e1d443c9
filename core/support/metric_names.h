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
/// nullptr for an unknown name.
const MetricInfo* findMetricInfo(std::string_view name);

} // namespace mpo
