// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/agreement.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <numeric>

namespace mpo {

double cohenKappa(std::span<const int> first, std::span<const int> second)
{
    assert(first.size() == second.size());
    if (first.empty())
        return 0.0;
    const auto n = double(first.size());
    double agreement = 0.0;
    std::map<int, std::pair<double, double>> shares;
    for (std::size_t i = 0; i < first.size(); ++i) {
        agreement += first[i] == second[i] ? 1.0 / n : 0.0;
        shares[first[i]].first += 1.0 / n;
        shares[second[i]].second += 1.0 / n;
    }
    double chance = 0.0;
    for (const auto& [label, share] : shares)
        chance += share.first * share.second;
    return shares.size() == 1 ? 1.0 : (agreement - chance) / (1.0 - chance);
}

std::vector<RaterAgreement> raterAgreements(const Ratings& ratings, const BootstrapOptions& bootstrap)
{
    std::vector<RaterAgreement> all;
    for (std::size_t a = 0; a < ratings.size(); ++a)
        for (std::size_t b = a + 1; b < ratings.size(); ++b) {
            assert(ratings[a].size() == ratings[b].size());
            std::vector<int> first, second;
            for (std::size_t item = 0; item < ratings[a].size(); ++item)
                if (ratings[a][item] && ratings[b][item]) {
                    first.push_back(*ratings[a][item]);
                    second.push_back(*ratings[b][item]);
                }
            RaterAgreement one {a, b, std::int64_t(first.size()), 0.0, {}, cohenKappa(first, second), {}};
            for (std::size_t i = 0; i < first.size(); ++i)
                one.share += first[i] == second[i] ? 1.0 / double(first.size()) : 0.0;
            one.shareInterval = wilsonInterval(std::min(1.0, one.share), one.items, zOfLevel(bootstrap.level));
            std::vector<int> drawnFirst(first.size()), drawnSecond(first.size());
            one.kappaInterval = bootstrapIntervals(
                one.items,
                [&](std::span<const std::int64_t> drawn) {
                    if (drawn.empty())
                        return std::vector {std::numeric_limits<double>::quiet_NaN()};
                    for (std::size_t i = 0; i < drawn.size(); ++i) {
                        drawnFirst[i] = first[std::size_t(drawn[i])];
                        drawnSecond[i] = second[std::size_t(drawn[i])];
                    }
                    return std::vector {cohenKappa(drawnFirst, drawnSecond)};
                },
                bootstrap)
                                    .front();
            all.push_back(one);
        }
    return all;
}

namespace {

/// How often each label was given to each item that has two labels or more; labels by rising number.
struct LabelCounts
{
    std::vector<std::vector<double>> items; ///< [item][label]
    std::size_t labels = 0;
};

LabelCounts labelCounts(const Ratings& ratings)
{
    std::map<int, std::size_t> place;
    std::size_t length = 0;
    for (const auto& rater : ratings) {
        length = std::max(length, rater.size());
        for (const auto& label : rater)
            if (label)
                place[*label] = 0;
    }
    LabelCounts counts;
    for (auto& [label, at] : place)
        at = counts.labels++;
    for (std::size_t item = 0; item < length; ++item) {
        std::vector<double> row(counts.labels, 0.0);
        for (const auto& rater : ratings)
            if (item < rater.size() && rater[item])
                row[place[*rater[item]]] += 1.0;
        if (std::accumulate(row.begin(), row.end(), 0.0) >= 2.0)
            counts.items.push_back(std::move(row));
    }
    return counts;
}

template<class Rows> // of pointers to rows of counts
std::optional<double> alphaOf(const Rows& rows, std::size_t labels, LabelScale scale)
{
    // Coincidences: every ordered pair of labels within an item of m labels counts 1 / (m - 1).
    std::vector<double> together(labels * labels, 0.0), totals(labels, 0.0);
    for (const std::vector<double>* row : rows) {
        const double count = std::accumulate(row->begin(), row->end(), 0.0);
        for (std::size_t c = 0; c < labels; ++c) {
            if ((*row)[c] == 0.0)
                continue;
            totals[c] += (*row)[c];
            for (std::size_t k = 0; k < labels; ++k)
                together[c * labels + k] += (*row)[c] * ((*row)[k] - (c == k ? 1.0 : 0.0)) / (count - 1.0);
        }
    }
    const double n = std::accumulate(totals.begin(), totals.end(), 0.0);
    double observed = 0.0, expected = 0.0;
    for (std::size_t c = 0; c < labels; ++c)
        for (std::size_t k = c + 1; k < labels; ++k) {
            double difference = 1.0;
            if (scale == LabelScale::Ordinal) { // as many ranks as labels were given from one to the other
                const double between
                    = std::accumulate(totals.begin() + std::ptrdiff_t(c), totals.begin() + std::ptrdiff_t(k) + 1, 0.0)
                    - 0.5 * (totals[c] + totals[k]);
                difference = between * between;
            }
            observed += together[c * labels + k] * difference;
            expected += totals[c] * totals[k] * difference;
        }
    if (expected <= 0.0)
        return std::nullopt;
    return 1.0 - (n - 1.0) * observed / expected;
}

std::vector<const std::vector<double>*> allRows(const LabelCounts& counts)
{
    std::vector<const std::vector<double>*> rows;
    for (const auto& row : counts.items)
        rows.push_back(&row);
    return rows;
}

} // namespace

std::optional<double> krippendorffAlpha(const Ratings& ratings, LabelScale scale)
{
    const LabelCounts counts = labelCounts(ratings);
    return alphaOf(allRows(counts), counts.labels, scale);
}

Alpha alphaWithInterval(const Ratings& ratings, LabelScale scale, const BootstrapOptions& bootstrap)
{
    const LabelCounts counts = labelCounts(ratings);
    const auto rows = allRows(counts);
    Alpha alpha;
    alpha.items = std::int64_t(rows.size());
    alpha.value = alphaOf(rows, counts.labels, scale);
    std::vector<const std::vector<double>*> sample(rows.size());
    alpha.interval = bootstrapIntervals(
        alpha.items,
        [&](std::span<const std::int64_t> drawn) {
            std::transform(
                drawn.begin(), drawn.end(), sample.begin(), [&](std::int64_t item) { return rows[std::size_t(item)]; });
            return std::vector {
                alphaOf(sample, counts.labels, scale).value_or(std::numeric_limits<double>::quiet_NaN())};
        },
        bootstrap)
                         .front();
    return alpha;
}

} // namespace mpo
