// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/reward_gap.h"

#include "core/support/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace mpo {

double confidenceOfGap(double gap)
{
    return gap >= 0.0 ? 1.0 / (1.0 + std::exp(-gap)) : std::exp(gap) / (1.0 + std::exp(gap)); // neither overflows
}

double gapOfConfidence(double confidence) { return std::log(confidence) - std::log1p(-confidence); }

SplitCounts Split::counts() const
{
    SplitCounts counts;
    for (const Bucket bucket : buckets)
        ++(bucket == Bucket::Easy           ? counts.easy
                : bucket == Bucket::Hard    ? counts.hard
                : bucket == Bucket::Dropped ? counts.dropped
                                            : counts.contradictory);
    return counts;
}

std::vector<std::int64_t> Split::easyPairs() const
{
    const bool withContradictory = rule.action == ContradictoryAction::Flip || rule.action == ContradictoryAction::Keep;
    std::vector<std::int64_t> pairs;
    for (std::size_t i = 0; i < buckets.size(); ++i)
        if (buckets[i] == Bucket::Easy || (buckets[i] == Bucket::Contradictory && withContradictory))
            pairs.push_back(std::int64_t(i));
    return pairs;
}

std::vector<std::int64_t> Split::hardPairs() const
{
    std::vector<std::int64_t> pairs;
    for (std::size_t i = 0; i < buckets.size(); ++i)
        if (buckets[i] == Bucket::Hard
            || (buckets[i] == Bucket::Contradictory && rule.action == ContradictoryAction::TreatAsHard))
            pairs.push_back(std::int64_t(i));
    return pairs;
}

PairEdits Split::handEdits() const
{
    PairEdits made {edits, flippedByHand, {}};
    for (std::size_t i = 0; i < buckets.size(); ++i)
        if (buckets[i] == Bucket::Dropped)
            made.dropped.push_back(std::int64_t(i));
    return made;
}

bool Split::flipped(std::int64_t pair) const
{
    const bool byRule = rule.action == ContradictoryAction::Flip && buckets[std::size_t(pair)] == Bucket::Contradictory;
    return byRule != std::binary_search(flippedByHand.begin(), flippedByHand.end(), pair);
}

std::vector<double> editedGaps(std::span<const double> gaps, const PairEdits& edits)
{
    std::vector<double> edited(gaps.begin(), gaps.end());
    const auto end = std::int64_t(edited.size());
    for (const std::int64_t pair : edits.flipped)
        if (pair < end)
            edited[std::size_t(pair)] = -edited[std::size_t(pair)];
    for (const std::int64_t pair : edits.dropped)
        if (pair < end)
            edited[std::size_t(pair)] = std::numeric_limits<double>::quiet_NaN();
    return edited;
}

Split splitPairs(std::span<const double> unedited, const SplitRule& rule, const PairEdits& edits)
{
    Split split;
    split.rule = rule;
    split.edits = edits.revision;
    const std::vector<double> gaps = editedGaps(unedited, edits);
    for (const std::int64_t pair : edits.flipped)
        if (pair < std::int64_t(gaps.size()))
            split.flippedByHand.push_back(pair);
    if (std::isnan(rule.value))
        fail("The threshold of the split is not a number");
    if (rule.contradictory && !(*rule.contradictory >= 0.0))
        fail("The contradictory threshold must be 0 or more");
    switch (rule.by) {
    case SplitRule::By::Gap:
        split.threshold = rule.value;
        break;
    case SplitRule::By::Confidence:
        if (!(rule.value > 0.0 && rule.value < 1.0))
            fail("The confidence of the split must lie between 0 and 1, not at {}", rule.value);
        split.threshold = gapOfConfidence(rule.value);
        break;
    case SplitRule::By::EasyShare: {
        if (!(rule.value >= 0.0 && rule.value <= 1.0))
            fail("The easy share must lie between 0 and 1, not at {}", rule.value);
        std::vector<double> sizes;
        for (const double gap : gaps)
            if (!std::isnan(gap))
                sizes.push_back(rule.absolute ? std::abs(gap) : gap);
        split.threshold = GapIndex(sizes).thresholdForEasyShare(rule.value);
        break;
    }
    }
    split.buckets.reserve(gaps.size());
    for (const double gap : gaps)
        split.buckets.push_back(bucketOfGap(gap, rule, split.threshold));
    for (const std::int64_t pair : edits.dropped)
        if (pair < std::int64_t(gaps.size()))
            split.buckets[std::size_t(pair)] = Bucket::Dropped;
    return split;
}

namespace {

struct NumberedGap
{
    double gap;
    std::int64_t pair;
    bool operator<(const NumberedGap& other) const { return std::tie(gap, pair) < std::tie(other.gap, other.pair); }
};

} // namespace

GapIndex::GapIndex(std::span<const double> gaps)
{
    std::vector<NumberedGap> numbered;
    numbered.reserve(gaps.size());
    for (std::size_t i = 0; i < gaps.size(); ++i)
        if (!std::isnan(gaps[i]))
            numbered.push_back({gaps[i], std::int64_t(i)});
    std::sort(numbered.begin(), numbered.end());
    m_sorted.reserve(numbered.size());
    m_order.reserve(numbered.size());
    for (const auto& [gap, pair] : numbered) {
        m_sorted.push_back(gap);
        m_order.push_back(pair);
    }
}

GapIndex GapIndex::changed(std::span<const double> gaps, std::span<const std::int64_t> changed) const
{
    std::vector<bool> isChanged(gaps.size());
    std::vector<NumberedGap> added;
    for (const std::int64_t pair : changed) {
        isChanged[std::size_t(pair)] = true;
        if (const double gap = gaps[std::size_t(pair)]; !std::isnan(gap))
            added.push_back({gap, pair});
    }
    std::sort(added.begin(), added.end());
    GapIndex result;
    result.m_sorted.reserve(m_sorted.size() + added.size());
    result.m_order.reserve(m_sorted.size() + added.size());
    auto next = added.begin();
    const auto add = [&](const NumberedGap& one) {
        result.m_sorted.push_back(one.gap);
        result.m_order.push_back(one.pair);
    };
    for (std::size_t i = 0; i < m_sorted.size(); ++i) {
        if (isChanged[std::size_t(m_order[i])])
            continue;
        const NumberedGap kept {m_sorted[i], m_order[i]};
        for (; next != added.end() && *next < kept; ++next)
            add(*next);
        add(kept);
    }
    std::for_each(next, added.end(), add);
    return result;
}

std::int64_t GapIndex::countAbove(double threshold) const
{
    return m_sorted.end() - std::upper_bound(m_sorted.begin(), m_sorted.end(), threshold);
}

std::int64_t GapIndex::countBelow(double threshold) const
{
    return std::lower_bound(m_sorted.begin(), m_sorted.end(), threshold) - m_sorted.begin();
}

double GapIndex::thresholdForEasyShare(double share) const
{
    if (m_sorted.empty())
        return 0.0;
    const std::int64_t hard = size() - std::int64_t(std::llround(share * double(size())));
    if (hard <= 0)
        return std::nextafter(m_sorted.front(), -HUGE_VAL); // all of them lie above
    return m_sorted[std::size_t(hard - 1)];
}

double GapIndex::accuracy() const
{
    if (m_sorted.empty())
        return 0.0;
    const std::int64_t above = countAbove(0.0), below = countBelow(0.0);
    return (double(above) + 0.5 * double(size() - above - below)) / double(size());
}

double GapIndex::minimum() const { return m_sorted.empty() ? 0.0 : m_sorted.front(); }
double GapIndex::maximum() const { return m_sorted.empty() ? 0.0 : m_sorted.back(); }

double GapIndex::median() const
{
    if (m_sorted.empty())
        return 0.0;
    const std::size_t middle = m_sorted.size() / 2;
    return m_sorted.size() % 2 ? m_sorted[middle] : 0.5 * (m_sorted[middle - 1] + m_sorted[middle]);
}

std::vector<std::int64_t> GapIndex::nearest(double gap, std::int64_t count) const
{
    std::vector<std::int64_t> pairs;
    auto above = std::lower_bound(m_sorted.begin(), m_sorted.end(), gap);
    auto below = above;
    while (std::int64_t(pairs.size()) < count && (below != m_sorted.begin() || above != m_sorted.end())) {
        const bool takeAbove
            = below == m_sorted.begin() || (above != m_sorted.end() && *above - gap <= gap - *(below - 1));
        const auto taken = takeAbove ? above++ : --below;
        pairs.push_back(m_order[std::size_t(taken - m_sorted.begin())]);
    }
    return pairs;
}

Histogram histogram(std::span<const double> values, int bins)
{
    Histogram result;
    result.counts.assign(std::size_t(std::max(1, bins)), 0);
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const double value : values)
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    if (low > high)
        return result;
    if (low == high) {
        low -= 0.5;
        high += 0.5;
    }
    result.low = low;
    result.high = high;
    const auto last = std::int64_t(result.counts.size()) - 1;
    for (const double value : values)
        if (std::isfinite(value)) // halved, so that the width of the widest range is finite too
            ++result.counts[std::size_t(std::clamp<std::int64_t>(
                std::int64_t((value / 2 - low / 2) / (high / 2 - low / 2) * double(last + 1)), 0, last))];
    return result;
}

} // namespace mpo
