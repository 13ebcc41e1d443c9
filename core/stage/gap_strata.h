// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"
#include "core/support/metric_names.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpo {

/// Pairs in four strata of nearly equal size by reward gap, or fewer where many gaps are equal (evenGroups).
class GapStrata
{
public:
    /// `gaps`: of all pairs, NaN where unknown. `training`: numbers of the pairs whose gaps decide the bounds. None
    /// where they do not make two strata.
    GapStrata(std::span<const double> gaps, std::span<const std::int64_t> training);

    std::size_t size() const { return m_names.size(); }
    /// Its range: "gap 0.52..1.31", smallest and largest gap of its training pairs. All names differ.
    const std::string& name(std::size_t stratum) const { return m_names[stratum]; }
    /// Of a pair, also one that is not trained on; nothing where its gap is unknown.
    std::optional<std::size_t> of(std::int64_t pair) const;

private:
    std::vector<double> m_gaps, m_highest; ///< m_highest: largest gap of each stratum
    std::vector<std::string> m_names;
};

/// What is summed up over the pairs of each stratum: loss, margin, and whether the margin is positive.
class StratumSums
{
public:
    static constexpr std::size_t kNumbers = 4; ///< doubles to a stratum

    explicit StratumSums(std::size_t strata)
        : m_sums(kNumbers * strata)
    {
    }

    void add(std::size_t stratum, double loss, double margin);
    /// Adds sums that were made elsewhere: kNumbers for each stratum.
    void add(std::span<const double> sums);
    std::span<double> numbers() { return m_sums; }

    /// loss, rewards/margins and rewards/accuracies, each with `prefix` before it and the stratum behind, of the strata
    /// that have at least `pairs` pairs (and one); these begin anew.
    Metrics take(const GapStrata& strata, std::int64_t pairs, std::string_view prefix = {});

    Json toJson() const { return m_sums; }
    void restore(const Json& state); ///< null, or of another number of strata: nothing was summed up yet

private:
    std::vector<double> m_sums; ///< pairs, loss, margin, pairs with a positive margin; of each stratum
};

} // namespace mpo
