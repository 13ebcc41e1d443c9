// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/second_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

/// Of as many pairs as A has, whatever B has scored.
std::vector<double> gapsLike(const SplitData& first, const std::vector<PairScore>& scores)
{
    std::vector<double> gaps(first.gaps.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < std::min(gaps.size(), scores.size()); ++i)
        gaps[i] = scores[i].gap();
    return editedGaps(gaps, first.edits);
}

void widen(double& low, double& high, const GapIndex& index)
{
    low = std::min(0.0, index.minimum());
    high = std::max(0.0, index.maximum());
    if (low == high)
        low = -0.5, high = 0.5;
}

} // namespace

SecondScores::SecondScores(
    std::shared_ptr<const SplitData> firstData, std::string name, const std::vector<PairScore>& pairScores)
    : first(std::move(firstData))
    , scoreSet(std::move(name))
    , gaps(std::make_shared<const std::vector<double>>(gapsLike(*first, pairScores)))
    , index(*gaps)
    , agreement(compareGaps(first->gaps, *gaps))
    , disagreeing(disagreeingPairs(first->gaps, *gaps))
    , density(kColumns, kRows)
{
    widen(lowA, highA, first->index);
    widen(lowB, highB, index);
    for (std::size_t i = 0; i < gaps->size(); ++i)
        if (const double a = first->gaps[i], b = (*gaps)[i]; !std::isnan(a) && !std::isnan(b))
            density.add((a - lowA) / (highA - lowA), (highB - b) / (highB - lowB));
}

double SecondScores::thresholdFor(const SplitRule& rule, double thresholdA) const
{
    if (rule.by != SplitRule::By::EasyShare)
        return thresholdA;
    return rule.absolute ? splitPairs(*gaps, rule).threshold : index.thresholdForEasyShare(rule.value);
}

BucketTable SecondScores::buckets(const SplitRule& rule, double thresholdA) const
{
    return compareBuckets(first->gaps, *gaps, rule, thresholdA, thresholdFor(rule, thresholdA));
}

} // namespace mpo
