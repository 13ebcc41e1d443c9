// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/score_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mpo {

namespace {

bool bothAreThere(double a, double b) { return !std::isnan(a) && !std::isnan(b); }

/// From 1; equal values share the mean of their places.
std::vector<double> ranksOf(const std::vector<double>& values)
{
    const GapIndex index(values);
    const std::vector<double>& sorted = index.sorted();
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < sorted.size();) {
        std::size_t end = first + 1;
        while (end < sorted.size() && sorted[end] == sorted[first])
            ++end;
        for (std::size_t i = first; i < end; ++i)
            ranks[std::size_t(index.order()[i])] = 0.5 * double(first + 1 + end);
        first = end;
    }
    return ranks;
}

double right(double gap) { return gap > 0.0 ? 1.0 : gap < 0.0 ? 0.0 : 0.5; }

} // namespace

double correlation(std::span<const double> x, std::span<const double> y)
{
    const auto n = double(x.size());
    const double meanX = std::accumulate(x.begin(), x.end(), 0.0) / n,
                 meanY = std::accumulate(y.begin(), y.end(), 0.0) / n;
    double xx = 0.0, xy = 0.0, yy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double dx = x[i] - meanX, dy = y[i] - meanY;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : std::numeric_limits<double>::quiet_NaN();
}

GapAgreement compareGaps(std::span<const double> a, std::span<const double> b)
{
    std::vector<double> x, y;
    x.reserve(a.size());
    y.reserve(a.size());
    GapAgreement result;
    double alike = 0.0, rightA = 0.0, rightB = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!bothAreThere(a[i], b[i]))
            continue;
        x.push_back(a[i]);
        y.push_back(b[i]);
        rightA += right(a[i]);
        rightB += right(b[i]);
        const bool differ = (a[i] > 0.0 && b[i] < 0.0) || (a[i] < 0.0 && b[i] > 0.0);
        result.disagreeing += differ ? 1 : 0;
        alike += differ ? 0.0 : a[i] == 0.0 || b[i] == 0.0 ? 0.5 : 1.0;
    }
    result.pairs = std::int64_t(x.size());
    const auto n = double(x.size());
    result.accuracyA = rightA / n;
    result.accuracyB = rightB / n;
    result.alike = alike / n;
    result.pearson = correlation(x, y);
    result.spearman = correlation(ranksOf(x), ranksOf(y));
    return result;
}

std::vector<std::int64_t> disagreeingPairs(std::span<const double> a, std::span<const double> b)
{
    std::vector<std::int64_t> pairs;
    for (std::size_t i = 0; i < a.size(); ++i)
        if ((a[i] > 0.0 && b[i] < 0.0) || (a[i] < 0.0 && b[i] > 0.0))
            pairs.push_back(std::int64_t(i));
    const auto apart = [&](std::int64_t pair) { return std::abs(a[std::size_t(pair)] - b[std::size_t(pair)]); };
    std::stable_sort(
        pairs.begin(), pairs.end(), [&](std::int64_t one, std::int64_t other) { return apart(one) > apart(other); });
    return pairs;
}

std::int64_t BucketTable::pairs() const
{
    std::int64_t sum = 0;
    for (const auto& row : counts)
        sum += std::accumulate(row.begin(), row.end(), std::int64_t(0));
    return sum;
}

std::int64_t BucketTable::changed() const
{
    std::int64_t same = 0;
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket)
        same += counts[bucket][bucket];
    return pairs() - same;
}

BucketTable compareBuckets(
    std::span<const double> a, std::span<const double> b, const SplitRule& rule, double thresholdA, double thresholdB)
{
    BucketTable table;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (bothAreThere(a[i], b[i]))
            ++table.counts[std::size_t(bucketOfGap(a[i], rule, thresholdA))]
                          [std::size_t(bucketOfGap(b[i], rule, thresholdB))];
    return table;
}

} // namespace mpo
