// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/split_data.h"

#include "core/data/score_comparison.h"
#include "core/data/score_gaps.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace mpo {

namespace {

/// Without edits of pairs that have no score: the scoring may have been of the first ones only.
PairEdits within(PairEdits edits, std::int64_t pairs)
{
    for (std::vector<std::int64_t>* numbers : {&edits.flipped, &edits.dropped})
        numbers->erase(std::lower_bound(numbers->begin(), numbers->end(), pairs), numbers->end());
    return edits;
}

std::vector<PairScore> exchanged(std::vector<PairScore> scores, const std::vector<std::int64_t>& pairs)
{
    for (const std::int64_t pair : pairs)
        std::swap(scores[std::size_t(pair)].chosen, scores[std::size_t(pair)].rejected);
    return scores;
}

std::vector<double> without(std::vector<double> gaps, const std::vector<std::int64_t>& dropped)
{
    for (const std::int64_t pair : dropped)
        gaps[std::size_t(pair)] = std::numeric_limits<double>::quiet_NaN();
    return gaps;
}

std::vector<std::int64_t> unionOf(std::vector<std::int64_t> a, const std::vector<std::int64_t>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end());
    a.erase(std::unique(a.begin(), a.end()), a.end());
    return a;
}

std::vector<std::int64_t> onlyInOne(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b)
{
    std::vector<std::int64_t> result;
    std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
    return result;
}

} // namespace

SplitData::SplitData(
    std::string scoreSetName, std::string datasetName, std::vector<PairScore> pairScores, const PairEdits& handEdits)
    : scoreSet(std::move(scoreSetName))
    , dataset(std::move(datasetName))
    , edits(within(handEdits, std::int64_t(pairScores.size())))
    , scores(exchanged(std::move(pairScores), edits.flipped))
    , gaps(gapsOf(scores))
    , index(without(gaps, edits.dropped))
    , calibration(calibrationOf(*this))
{
}

SplitData::SplitData(const SplitData& before, const PairEdits& newEdits, const std::vector<std::int64_t>& changed)
    : scoreSet(before.scoreSet)
    , dataset(before.dataset)
    , edits(newEdits)
    , scores(exchanged(before.scores, onlyInOne(before.edits.flipped, edits.flipped)))
    , gaps(gapsOf(scores))
    , index(before.index.changed(without(gaps, edits.dropped), changed))
    , calibration(calibrationOf(*this))
{
}

std::shared_ptr<const SplitData> SplitData::withEdits(const PairEdits& newEdits) const
{
    const PairEdits inside = within(newEdits, total());
    return std::shared_ptr<const SplitData>(new SplitData(
        *this, inside, unionOf(onlyInOne(edits.flipped, inside.flipped), onlyInOne(edits.dropped, inside.dropped))));
}

SplitCounts SplitData::count(double threshold, bool absolute, const std::optional<double>& contradictory) const
{
    SplitCounts counts;
    counts.contradictory = contradictory ? index.countBelow(-*contradictory) : 0;
    // The contradictory bucket is filled first, so it takes its pairs from the easy ones.
    const std::int64_t rest = index.size() - counts.contradictory;
    if (!absolute)
        counts.easy = std::min(index.countAbove(threshold), rest);
    else if (threshold < 0.0)
        counts.easy = rest;
    else
        counts.easy = std::min(index.countAbove(threshold), rest)
            + std::max<std::int64_t>(0, index.countBelow(-threshold) - counts.contradictory);
    counts.dropped = dropped();
    counts.hard = total() - counts.easy - counts.contradictory - counts.dropped;
    return counts;
}

Bucket SplitData::bucketOf(
    std::int64_t pair, double threshold, bool absolute, const std::optional<double>& contradictory) const
{
    if (std::binary_search(edits.dropped.begin(), edits.dropped.end(), pair))
        return Bucket::Dropped;
    SplitRule rule;
    rule.absolute = absolute;
    rule.contradictory = contradictory;
    return bucketOfGap(gaps[std::size_t(pair)], rule, threshold);
}

const GapIndex& SplitData::sizes() const
{
    std::call_once(m_sizesOnce, [this] {
        std::vector<double> values;
        values.reserve(index.sorted().size());
        for (const double gap : index.sorted())
            values.push_back(std::abs(gap));
        m_sizes = std::make_unique<GapIndex>(values);
    });
    return *m_sizes;
}

double SplitData::thresholdForEasyShare(double share, bool absolute) const
{
    return (absolute ? sizes() : index).thresholdForEasyShare(share);
}

double SplitData::accuracyForSize(double low, double high) const
{
    low = std::max(low, 0.0);
    const std::int64_t agree = index.countBelow(high) - index.countBelow(low);
    const std::int64_t contradict = index.countAbove(-high) - index.countAbove(-low);
    // A gap of exactly 0 was counted on both sides: half of it agrees.
    const std::int64_t zeros = low > 0.0 ? 0 : index.size() - index.countAbove(0.0) - index.countBelow(0.0);
    const std::int64_t n = agree + contradict - zeros;
    return n <= 0 ? std::numeric_limits<double>::quiet_NaN() : (double(agree) - 0.5 * double(zeros)) / double(n);
}

double PairLengths::baselineAccuracy() const
{
    const double n = double(longer + shorter + same);
    return n == 0.0 ? 0.0 : (double(longer) + 0.5 * double(same)) / n;
}

std::shared_ptr<PairLengths> measureLengths(const SplitData& data, std::vector<std::int32_t> measured)
{
    auto lengths = std::make_shared<PairLengths>();
    lengths->scoreSet = data.scoreSet;
    lengths->measured = std::move(measured);
    lengths->measured.resize(data.gaps.size(), 0);
    std::vector<std::int32_t> difference = lengths->measured;
    for (const std::int64_t pair : data.edits.flipped)
        difference[std::size_t(pair)] = -difference[std::size_t(pair)];
    const auto count = [&](std::int32_t d, std::int64_t by) {
        (d > 0 ? lengths->longer : d < 0 ? lengths->shorter : lengths->same) += by;
    };
    for (const std::int32_t d : difference)
        count(d, 1);
    for (const std::int64_t pair : data.edits.dropped)
        count(difference[std::size_t(pair)], -1);

    const std::vector<std::int64_t>& order = data.index.order();
    lengths->longerBefore.reserve(order.size() + 1);
    lengths->longerBefore.push_back(0);
    std::vector<double> ordered;
    ordered.reserve(order.size());
    for (const std::int64_t pair : order) {
        const std::int32_t d = difference[std::size_t(pair)];
        lengths->longerBefore.push_back(lengths->longerBefore.back() + (d > 0 ? 1 : 0));
        ordered.push_back(d);
    }
    lengths->correlation = correlation(data.index.sorted(), ordered);
    lengths->difference = std::move(difference);
    return lengths;
}

LongerShares longerShares(const SplitData& data, const PairLengths& lengths, double threshold, bool absolute,
    const std::optional<double>& contradictory)
{
    // Buckets are ranges of the pairs in order of their gap, so sums up to each position give every share.
    struct Part
    {
        std::int64_t longer = 0, pairs = 0;
        double share() const
        {
            return pairs == 0 ? std::numeric_limits<double>::quiet_NaN() : double(longer) / double(pairs);
        }
    };
    const auto part = [&](std::int64_t from, std::int64_t to) {
        return from >= to
            ? Part {}
            : Part {lengths.longerBefore[std::size_t(to)] - lengths.longerBefore[std::size_t(from)], to - from};
    };
    const GapIndex& index = data.index;
    const std::int64_t n = index.size(), first = contradictory ? index.countBelow(-*contradictory) : 0;
    const std::int64_t upper = absolute && threshold < 0.0 ? first : std::max(first, n - index.countAbove(threshold));
    const std::int64_t lower = absolute ? std::clamp(index.countBelow(-threshold), first, upper) : first;
    const Part below = part(first, lower), above = part(upper, n);
    return {Part {below.longer + above.longer, below.pairs + above.pairs}.share(), part(lower, upper).share(),
        part(0, n).share()};
}

int gapDecimals(const SplitData& data)
{
    const double range = data.index.size() > 0 ? data.index.maximum() - data.index.minimum() : 0.0;
    return range > 0.0 ? std::clamp(int(std::ceil(3.3 - std::log10(range))), 0, 8) : 3;
}

std::vector<CalibrationBin> calibrationOf(const SplitData& data, int bins)
{
    // By rising |gap|: those below 0 backwards and the others are so already.
    const std::vector<double>& gaps = data.index.sorted();
    const auto positive = std::lower_bound(gaps.begin(), gaps.end(), 0.0);
    std::vector<double> pairs(gaps.size());
    std::merge(std::make_reverse_iterator(positive), gaps.rend(), positive, gaps.end(), pairs.begin(),
        [](double a, double b) { return std::abs(a) < std::abs(b); });
    std::vector<CalibrationBin> result;
    const std::size_t count = std::min(pairs.size(), std::size_t(std::max(1, bins)));
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t first = i * pairs.size() / count, last = (i + 1) * pairs.size() / count;
        CalibrationBin bin;
        bin.low = std::abs(pairs[first]);
        bin.high = std::abs(pairs[last - 1]);
        bin.pairs = std::int64_t(last - first);
        for (std::size_t at = first; at < last; ++at) {
            bin.confidence += 1.0 / (1.0 + std::exp(-std::abs(pairs[at])));
            bin.accuracy += pairs[at] > 0.0 ? 1.0 : pairs[at] < 0.0 ? 0.0 : 0.5;
        }
        bin.confidence /= double(bin.pairs);
        bin.accuracy /= double(bin.pairs);
        bin.interval = wilsonInterval(bin.accuracy, bin.pairs);
        result.push_back(bin);
    }
    return result;
}

double calibrationError(const std::vector<CalibrationBin>& bins)
{
    double sum = 0.0, pairs = 0.0;
    for (const CalibrationBin& bin : bins) {
        sum += double(bin.pairs) * std::abs(bin.confidence - bin.accuracy);
        pairs += double(bin.pairs);
    }
    return pairs > 0.0 ? sum / pairs : 0.0;
}

std::int32_t countCharacters(const std::string& utf8)
{
    return std::int32_t(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

double roundedTo(double value, double resolution)
{
    if (!(resolution > 0.0) || !std::isfinite(value))
        return value;
    // Divide by a whole power of ten: 0.37 then prints as 0.37, which multiplying by 0.01 would not promise.
    const double decimals = std::ceil(-std::log10(resolution) - 1e-9);
    const double scale = std::pow(10.0, std::abs(decimals));
    return decimals >= 0.0 ? std::round(value * scale) / scale : std::round(value / scale) * scale;
}

} // namespace mpo
