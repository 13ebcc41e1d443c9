// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/bootstrap.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpo {

/// Labels that several raters gave to the same items: ratings[rater][item], empty where one did not. Labels are
/// numbers; where their order counts, it is theirs.
using Ratings = std::vector<std::vector<std::optional<int>>>;

/// Cohen's kappa of two raters who gave one label each to the same items: agreement beyond chance, 1 for identical
/// labels. Where chance alone agrees always (both used one same label only) it is 1. 0 for no items. REQUIRES equal
/// sizes.
double cohenKappa(std::span<const int> first, std::span<const int> second);

/// How two raters agree on the items that both have labelled.
struct RaterAgreement
{
    std::size_t first = 0, second = 0; ///< numbers of the raters
    std::int64_t items = 0;
    double share = 0.0; ///< same label; 0 for no items
    Interval shareInterval; ///< Wilson
    double kappa = 0.0; ///< Cohen's
    Interval kappaInterval; ///< bootstrap over items; NaN for no items
};
/// Every two raters. REQUIRES: all of the same length.
std::vector<RaterAgreement> raterAgreements(
    const Ratings& ratings, const BootstrapOptions& bootstrap = {.resamples = 2000});

/// Of labels without an order, or with one: then neighbours count as a smaller disagreement than the two ends.
enum class LabelScale { Nominal, Ordinal };

/// Krippendorff's alpha = 1 - observed / expected disagreement, for any number of raters and missing labels
/// (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). Items with fewer than two labels do not count.
/// Nothing where it does not exist: no such items, or one and the same label everywhere.
std::optional<double> krippendorffAlpha(const Ratings& ratings, LabelScale scale);

struct Alpha
{
    std::optional<double> value;
    Interval interval; ///< bootstrap over items; NaN where there is none
    std::int64_t items = 0; ///< with two labels or more
};
Alpha alphaWithInterval(
    const Ratings& ratings, LabelScale scale, const BootstrapOptions& bootstrap = {.resamples = 2000});

} // namespace mpo
