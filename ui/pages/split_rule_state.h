// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <QJsonObject>

#include <optional>

namespace mpo {

/// A rule as the window keeps it between two starts.
QJsonObject stateOfRule(const SplitRule& rule);
std::optional<SplitRule> ruleOfState(const QJsonObject& state); ///< empty: no rule, or one with values out of range

} // namespace mpo
