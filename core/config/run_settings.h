// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

#include <vector>

namespace mpo {

// Settings about the run itself, declared once for all stages: settings.cpp adds them to its lists.

std::vector<SettingInfo> checkpointSettings();
/// For stages on examples, which have a held-out share: the best model and when to stop early.
std::vector<SettingInfo> heldOutSettings(StageKind stage);
std::vector<SettingInfo> alarmSettings(StageKind stage);

/// Contradictions among them, as sentences.
std::vector<std::string> runSettingProblems(const Settings& settings);

} // namespace mpo
