// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QString>

#include <string_view>
#include <vector>

namespace mpo {

/// What the newest alarm that holds on a metric says, with what to try; empty: none holds. The alarms of a run, in
/// order of their steps, come from the engine, which knows its settings.
QString metricAlarm(std::string_view metric, const std::vector<AlarmRow>& alarms);

} // namespace mpo
