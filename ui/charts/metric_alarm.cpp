// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_alarm.h"

#include "core/config/alarm_metrics.h"
#include "ui/format.h"

#include <algorithm>

namespace mpo {

QString metricAlarm(std::string_view metric, const std::vector<AlarmRow>& alarms)
{
    const auto found = std::find_if(alarms.rbegin(), alarms.rend(),
        [&](const AlarmRow& alarm) { return !alarm.ended && alarmIsOf(alarm.name, metric); });
    return found == alarms.rend() ? QString() : toQString(found->text);
}

} // namespace mpo
