// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/pair_edits.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// The reward model's scalars for one pair.
struct PairScore
{
    double chosen = 0.0, rejected = 0.0;
    double gap() const
    {
        return chosen - rejected;
    } ///< the reward gap; negative: the reward model contradicts the label
};

/// Where a pair goes. Dropped: left out of the others by hand. The values reach the disk: do not change them.
enum class Bucket : std::uint8_t { Easy = 0, Hard = 1, Contradictory = 2, Dropped = 3 };

/// What is done with contradictory pairs. The values reach the disk.
enum class ContradictoryAction { TreatAsHard = 0, Drop = 1, Flip = 2, Keep = 3 };

/// How pairs are divided. Easy: gap > threshold; hard: the rest (signed rule, algorithms.md 1.3). With a contradictory
/// threshold c, pairs with gap < -c form a third bucket.
struct SplitRule
{
    enum class By { Gap = 0, Confidence = 1, EasyShare = 2 };
    By by = By::EasyShare;
    double value = 0.5; ///< Gap: any number; Confidence: in (0, 1), sigmoid(gap); EasyShare: in [0, 1]
    bool absolute = false; ///< true: easy if |gap| > threshold
    std::optional<double> contradictory; ///< c >= 0; empty: no third bucket
    ContradictoryAction action = ContradictoryAction::TreatAsHard;
};

/// By the raw gap that the rule comes to. Without a score (NaN) a pair is hard: stage 2 uses its prompt only.
inline Bucket bucketOfGap(double gap, const SplitRule& rule, double threshold)
{
    if (rule.contradictory && gap < -*rule.contradictory)
        return Bucket::Contradictory;
    return (rule.absolute && gap < 0.0 ? -gap : gap) > threshold ? Bucket::Easy : Bucket::Hard;
}

struct SplitCounts
{
    std::int64_t easy = 0, hard = 0, contradictory = 0, dropped = 0;
};

struct Split
{
    SplitRule rule;
    double threshold = 0.0; ///< the raw gap that the rule came to
    std::vector<Bucket> buckets; ///< one for each pair
    std::int64_t edits = 0; ///< revision of the pairs that it was made with (PairEdits); 0: as the data set has them
    std::vector<std::int64_t> flippedByHand; ///< rising; their gaps have changed sign
    SplitCounts counts() const;
    /// Pair numbers that stage 1 (easy) or stage 2 (hard) trains on after the action on contradictory pairs:
    /// TreatAsHard -> hard; Drop -> neither; Flip -> easy with chosen and rejected exchanged (see flipped); Keep ->
    /// easy.
    std::vector<std::int64_t> easyPairs() const, hardPairs() const;
    PairEdits handEdits() const; ///< those that it was made with
    bool flipped(
        std::int64_t pair) const; ///< true where stages must exchange chosen and rejected: by the rule or by hand
};

/// `gaps`: as the data set has the pairs. Those that `edits` flip count with the other sign, and an easy share is one
/// of the pairs that are not dropped; edits of pairs beyond the gaps are left out. Throws Error for a value out of
/// range. Works for any number of pairs, also none.
Split splitPairs(std::span<const double> gaps, const SplitRule& rule, const PairEdits& edits = {});

/// The gaps with the sign that edits give them; NaN for pairs that are dropped.
std::vector<double> editedGaps(std::span<const double> gaps, const PairEdits& edits);

double confidenceOfGap(double gap); ///< sigmoid(gap), in (0, 1)
double gapOfConfidence(double confidence); ///< its inverse; REQUIRES 0 < confidence < 1

/// Gaps sorted once, so that counting for a moving threshold costs two binary searches (1,000,000 pairs: well under a
/// frame).
class GapIndex
{
public:
    explicit GapIndex(std::span<const double> gaps); ///< NaN: not in it
    /// That of gaps which differ from those it was made of in the pairs `changed` (rising) at most. O(n): the others
    /// are not sorted again.
    GapIndex changed(std::span<const double> gaps, std::span<const std::int64_t> changed) const;
    std::int64_t size() const { return std::int64_t(m_sorted.size()); }
    std::int64_t countAbove(double threshold) const; ///< gap > threshold
    std::int64_t countBelow(double threshold) const; ///< gap < threshold
    double thresholdForEasyShare(double share) const; ///< raw gap such that about `share` lies above
    double accuracy() const; ///< share of gaps > 0; ties count half
    double minimum() const, maximum() const, median() const; ///< 0 for no pairs
    const std::vector<double>& sorted() const { return m_sorted; } ///< rising
    const std::vector<std::int64_t>& order() const { return m_order; } ///< pair number of each sorted gap
    /// Numbers of the pairs nearest to a gap, nearest first.
    std::vector<std::int64_t> nearest(double gap, std::int64_t count) const;

private:
    GapIndex() = default;

    std::vector<double> m_sorted;
    std::vector<std::int64_t> m_order;
};

struct Histogram
{
    double low = 0.0, high = 1.0; ///< edges of the first and last bin
    std::vector<std::int64_t> counts;
    double binWidth() const { return counts.empty() ? 0.0 : (high - low) / double(counts.size()); }
};

/// Bins of equal width over all finite values; the largest value falls in the last bin. All equal: one unit wide.
Histogram histogram(std::span<const double> values, int bins);

} // namespace mpo
