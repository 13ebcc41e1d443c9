// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/split_threshold.h"

#include <algorithm>
#include <utility>

namespace mpo {

void SplitThreshold::setData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    update();
}

void SplitThreshold::setRule(const SplitRule& rule)
{
    m_rule = rule;
    if (rule.by == SplitRule::By::Confidence)
        m_rule.value = std::clamp(rule.value, 1e-4, 1.0 - 1e-4);
    update();
}

void SplitThreshold::update()
{
    if (!m_data)
        return;
    switch (m_rule.by) {
    case SplitRule::By::Gap:
        m_gap = m_rule.value;
        break;
    case SplitRule::By::Confidence:
        m_gap = gapOfConfidence(m_rule.value);
        break;
    case SplitRule::By::EasyShare:
        m_gap = m_data->thresholdForEasyShare(m_rule.value, m_rule.absolute);
        break;
    }
}

SplitCounts SplitThreshold::counts() const
{
    return m_data ? m_data->count(m_gap, m_rule.absolute, m_rule.contradictory) : SplitCounts {};
}

double SplitThreshold::easyShare() const
{
    if (!m_data || m_data->index.size() == 0)
        return 0.0;
    return double(m_data->count(m_gap, m_rule.absolute, std::nullopt).easy) / double(m_data->index.size());
}

SplitRule SplitThreshold::saidBy(SplitRule::By by, double resolution) const
{
    SplitRule rule = m_rule;
    rule.by = by;
    rule.value = by == SplitRule::By::Gap ? roundedTo(m_gap, resolution)
        : by == SplitRule::By::Confidence ? roundedTo(confidenceOfGap(m_gap), 1e-4)
                                          : roundedTo(easyShare(), 1e-3);
    return rule;
}

SplitRule SplitThreshold::withContradictory(double threshold, double resolution) const
{
    SplitRule rule = m_rule;
    const bool first = !m_rule.contradictory && threshold == 0.0 && m_data;
    rule.contradictory
        = std::max(0.0, first ? roundedTo(-m_data->index.thresholdForEasyShare(0.95), resolution) : threshold);
    return rule;
}

} // namespace mpo
