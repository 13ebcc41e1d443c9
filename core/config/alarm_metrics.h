// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace mpo {

/// Whether an alarm, by the name it has in the store, speaks of a metric.
bool alarmIsOf(std::string_view alarm, std::string_view metric);

} // namespace mpo
