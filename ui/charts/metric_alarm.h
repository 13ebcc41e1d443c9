// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string_view>

namespace mpo {

/// A sentence when a (smoothed) value of a metric says that a run goes wrong, with what to try; else empty. Limits are
/// the danger lines that practitioners of PPO share; they warn, nothing stops.
QString metricAlarm(std::string_view metric, double value);

} // namespace mpo
