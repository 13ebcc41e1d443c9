// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/gap_strata.h"

#include "core/data/even_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace mpo {

namespace {

constexpr int kStrata = 4;

} // namespace

GapStrata::GapStrata(std::span<const double> gaps, std::span<const std::int64_t> training)
    : m_gaps(gaps.begin(), gaps.end())
{
    std::vector<double> sorted;
    for (const std::int64_t pair : training)
        if (std::size_t(pair) < m_gaps.size() && std::isfinite(m_gaps[std::size_t(pair)]))
            sorted.push_back(m_gaps[std::size_t(pair)]);
    std::sort(sorted.begin(), sorted.end());
    const std::vector<std::size_t> ends = evenGroups(sorted, kStrata);
    if (ends.size() < 2)
        return;
    std::vector<double> lowest;
    for (std::size_t from = 0; const std::size_t to : ends) {
        lowest.push_back(sorted[from]);
        m_highest.push_back(sorted[to - 1]);
        from = to;
    }
    // As few digits as tell the strata apart.
    for (int digits = 3; digits <= 17; ++digits) {
        m_names.clear();
        for (std::size_t i = 0; i < lowest.size(); ++i)
            m_names.push_back(fmt::format("gap {:.{}g}..{:.{}g}", lowest[i], digits, m_highest[i], digits));
        if (std::set<std::string>(m_names.begin(), m_names.end()).size() == m_names.size())
            break;
    }
}

std::optional<std::size_t> GapStrata::of(std::int64_t pair) const
{
    if (m_highest.empty() || std::size_t(pair) >= m_gaps.size() || !std::isfinite(m_gaps[std::size_t(pair)]))
        return std::nullopt;
    const auto found = std::lower_bound(m_highest.begin(), m_highest.end(), m_gaps[std::size_t(pair)]);
    return std::min(std::size_t(found - m_highest.begin()), m_highest.size() - 1);
}

void StratumSums::add(std::size_t stratum, double loss, double margin)
{
    double* const sums = &m_sums[kNumbers * stratum];
    sums[0] += 1.0;
    sums[1] += loss;
    sums[2] += margin;
    sums[3] += margin > 0.0 ? 1.0 : 0.0;
}

void StratumSums::add(std::span<const double> sums)
{
    std::transform(m_sums.begin(), m_sums.end(), sums.begin(), m_sums.begin(), std::plus<>());
}

Metrics StratumSums::take(const GapStrata& strata, std::int64_t pairs, std::string_view prefix)
{
    constexpr std::string_view names[] {"loss", "rewards/margins", "rewards/accuracies"};
    Metrics metrics;
    for (std::size_t stratum = 0; stratum < strata.size(); ++stratum) {
        double* const sums = &m_sums[kNumbers * stratum];
        if (sums[0] < double(std::max<std::int64_t>(1, pairs)))
            continue;
        for (std::size_t i = 0; i < std::size(names); ++i)
            metrics.push_back({metricOfPart(std::string(prefix) + std::string(names[i]), strata.name(stratum)),
                sums[1 + i] / sums[0]});
        std::fill_n(sums, kNumbers, 0.0);
    }
    return metrics;
}

void StratumSums::restore(const Json& state)
{
    auto sums = state.is_null() ? std::vector<double>() : state.get<std::vector<double>>();
    if (sums.size() != m_sums.size())
        sums.assign(m_sums.size(), 0.0);
    m_sums = std::move(sums);
}

} // namespace mpo
