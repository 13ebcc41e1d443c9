// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_rule_state.h"

namespace mpo {

QJsonObject stateOfRule(const SplitRule& rule)
{
    QJsonObject state {{QStringLiteral("by"), int(rule.by)}, {QStringLiteral("value"), rule.value},
        {QStringLiteral("absolute"), rule.absolute}, {QStringLiteral("action"), int(rule.action)}};
    if (rule.contradictory)
        state[QStringLiteral("contradictory")] = *rule.contradictory;
    return state;
}

std::optional<SplitRule> ruleOfState(const QJsonObject& state)
{
    const int by = state[QStringLiteral("by")].toInt(-1), action = state[QStringLiteral("action")].toInt(-1);
    const QJsonValue value = state[QStringLiteral("value")];
    if (by < 0 || by > int(SplitRule::By::EasyShare) || action < 0 || action > int(ContradictoryAction::Keep)
        || !value.isDouble())
        return std::nullopt;
    SplitRule rule;
    rule.by = static_cast<SplitRule::By>(by);
    rule.action = static_cast<ContradictoryAction>(action);
    rule.value = value.toDouble();
    if (rule.by != SplitRule::By::Gap && !(rule.value >= 0.0 && rule.value <= 1.0))
        return std::nullopt;
    rule.absolute = state[QStringLiteral("absolute")].toBool();
    if (const double contradictory = state[QStringLiteral("contradictory")].toDouble(-1.0); contradictory >= 0.0)
        rule.contradictory = contradictory;
    return rule;
}

} // namespace mpo
