// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"
#include "core/evaluation/statistics.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

/// Pairs about which the reward model is about equally sure.
struct CalibrationBin
{
    double low = 0.0, high = 0.0; ///< smallest and largest |gap|
    double confidence = 0.0; ///< mean of sigmoid(|gap|): how sure it is of the response that it prefers
    double accuracy = 0.0; ///< share in which that response is the chosen one; a gap of 0 counts half
    Interval interval; ///< Wilson's, of the accuracy
    std::int64_t pairs = 0;
};

/// Everything the Split page needs of one score set, prepared once so that a moving threshold costs binary searches
/// only.
struct SplitData
{
    /// `pairScores`: of the pairs as the data set has them.
    SplitData(std::string scoreSetName, std::string datasetName, std::vector<PairScore> pairScores,
        const PairEdits& handEdits = {});
    /// The same with other edits; nothing is sorted again but what they change.
    std::shared_ptr<const SplitData> withEdits(const PairEdits& edits) const;

    std::string scoreSet, dataset;
    PairEdits edits; ///< those of pairs that are there; everything below has them in it
    std::vector<PairScore> scores; ///< of flipped pairs exchanged
    std::vector<double> gaps; ///< NaN: not scored (too long for the reward model); dropped pairs have theirs too
    GapIndex index; ///< of the gaps of pairs that are not dropped
    std::vector<CalibrationBin> calibration; ///< calibrationOf() this

    std::int64_t total() const { return std::int64_t(scores.size()); } ///< with dropped pairs
    std::int64_t dropped() const { return std::int64_t(edits.dropped.size()); }
    std::int64_t unscored() const { return total() - dropped() - index.size(); }

    /// Buckets as splitPairs() fills them, for a raw gap as the threshold. O(log n).
    SplitCounts count(double threshold, bool absolute, const std::optional<double>& contradictory) const;
    Bucket bucketOf(
        std::int64_t pair, double threshold, bool absolute, const std::optional<double>& contradictory) const;
    /// The raw gap that an easy share comes to, as splitPairs() finds it.
    double thresholdForEasyShare(double share, bool absolute) const;
    /// Share of pairs whose label the reward model agrees with, among those with low <= |gap| < high; NaN for none.
    double accuracyForSize(double low, double high) const;

private:
    SplitData(const SplitData& before, const PairEdits& newEdits, const std::vector<std::int64_t>& changed);
    mutable std::once_flag m_sizesOnce;
    mutable std::unique_ptr<GapIndex> m_sizes; ///< of |gap|; made when the absolute rule is first used
    const GapIndex& sizes() const;
};

/// How far length alone explains the labels: the confound to know before trusting a reward gap.
struct PairLengths
{
    std::string scoreSet;
    std::vector<std::int32_t> measured; ///< characters of chosen minus rejected, for each pair, as the data have it
    std::vector<std::int32_t> difference; ///< the same with the edits by hand in it
    std::vector<std::int32_t> longerBefore; ///< [k]: pairs among the k smallest gaps whose chosen response is longer
    std::int64_t longer = 0, shorter = 0, same = 0; ///< chosen against rejected, all pairs that are not dropped
    double correlation = 0.0; ///< Pearson's, of reward gap and length difference; NaN when undefined

    /// Accuracy of "the longer response wins"; equal lengths count half.
    double baselineAccuracy() const;
};

/// Share of pairs whose chosen response is the longer one, in each bucket and among all scored pairs; NaN for none.
struct LongerShares
{
    double easy = 0.0, hard = 0.0, all = 0.0;
};
LongerShares longerShares(const SplitData& data, const PairLengths& lengths, double threshold, bool absolute,
    const std::optional<double>& contradictory);

/// `measured`: as in PairLengths.
std::shared_ptr<PairLengths> measureLengths(const SplitData& data, std::vector<std::int32_t> measured);

/// Bins of as equal a number of pairs as possible, by rising |gap|; none where nothing is scored.
std::vector<CalibrationBin> calibrationOf(const SplitData& data, int bins = 10);

/// Mean over pairs of |confidence - accuracy| of their bin (Guo et al. 2017, eq. 3, with bins of equal size); 0 for
/// none.
double calibrationError(const std::vector<CalibrationBin>& bins);

/// Code points of UTF-8 text.
std::int32_t countCharacters(const std::string& utf8);

/// Decimals that tell the gaps of this data apart: 3 where they range over some units.
int gapDecimals(const SplitData& data);

/// The value with no more decimals than the resolution asks for: (0.3741, 0.005) -> 0.374.
double roundedTo(double value, double resolution);

} // namespace mpo
