// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/pair_strata.h"

#include "ui/format.h"

#include <QObject>

#include <algorithm>
#include <cmath>
#include <map>

namespace mpo {

namespace {

constexpr std::size_t kMostValues = 4; ///< of confidence that each have a group

/// Groups of pairs in order of their gap; those that no pair is in are left out.
template<class GroupOf>
std::shared_ptr<PairStrata> strataOf(const SplitData& data, const QStringList& names, GroupOf groupOf)
{
    auto strata = std::make_shared<PairStrata>();
    strata->names = names;
    strata->gaps.resize(std::size_t(names.size()));
    const std::vector<double>& sorted = data.index.sorted();
    for (std::size_t i = 0; i < sorted.size(); ++i)
        strata->gaps[std::size_t(groupOf(std::size_t(data.index.order()[i])))].push_back(sorted[i]);
    for (int group = int(names.size()) - 1; group >= 0; --group)
        if (strata->size(group) == 0) {
            strata->names.removeAt(group);
            strata->gaps.erase(strata->gaps.begin() + group);
        }
    return strata;
}

QString valueText(float value) { return formatNumber(double(value), 3); }

/// A group of values of confidence, the lowest and highest that are in it.
struct Range
{
    float low = 0.0F, high = 0.0F;
    QString name() const
    {
        return low == high ? valueText(low) : QObject::tr("%1 to %2").arg(valueText(low), valueText(high));
    }
};

/// Falling.
std::vector<Range> rangesOf(const std::map<float, std::int64_t>& counts)
{
    std::vector<Range> ranges;
    if (counts.size() <= kMostValues) {
        for (const auto& [value, count] : counts)
            ranges.push_back({value, value});
    } else {
        std::int64_t total = 0, before = 0;
        for (const auto& [value, count] : counts)
            total += count;
        std::int64_t third = -1;
        for (const auto& [value, count] : counts) {
            // A value belongs to the third in which the middle of its pairs lies.
            const std::int64_t now = std::min<std::int64_t>(2, 3 * (2 * before + count) / (2 * total));
            if (now != third)
                ranges.push_back({value, value});
            ranges.back().high = value;
            third = now;
            before += count;
        }
    }
    std::reverse(ranges.begin(), ranges.end());
    return ranges;
}

} // namespace

std::int64_t PairStrata::countBelow(int group, double gap) const
{
    const std::vector<double>& sorted = gaps[std::size_t(group)];
    return std::lower_bound(sorted.begin(), sorted.end(), gap) - sorted.begin();
}

std::shared_ptr<const PairStrata> strataByLength(const SplitData& data, const PairLengths& lengths)
{
    return strataOf(data, {QObject::tr("chosen longer"), QObject::tr("as long"), QObject::tr("chosen shorter")},
        [&](std::size_t pair) {
            const std::int32_t difference = lengths.difference[pair];
            return difference > 0 ? 0 : difference == 0 ? 1 : 2;
        });
}

std::shared_ptr<const PairStrata> strataByConfidence(const SplitData& data, std::span<const float> confidence)
{
    std::map<float, std::int64_t> counts;
    for (const std::int64_t pair : data.index.order())
        if (const float value = confidence[std::size_t(pair)]; !std::isnan(value))
            ++counts[value];
    if (counts.empty())
        return nullptr;
    const std::vector<Range> ranges = rangesOf(counts);
    QStringList names;
    for (const Range& range : ranges)
        names << range.name();
    names << QObject::tr("not said");
    return strataOf(data, names, [&](std::size_t pair) {
        const float value = confidence[pair];
        for (std::size_t i = 0; i < ranges.size(); ++i)
            if (value >= ranges[i].low)
                return int(i);
        return int(ranges.size()); // NaN
    });
}

} // namespace mpo
