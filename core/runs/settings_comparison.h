// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <span>
#include <string>
#include <vector>

namespace mpo {

/// One setting of several runs.
struct ComparedSetting
{
    std::string name; ///< "beta"; nested ones "lora.rank"
    std::vector<std::string> values; ///< one for each run; empty text: the run has no such setting
    bool differs = false;
};

/// The settings of runs side by side (`config` of RunRow: what stands in "settings" counts as if it stood outside).
/// First those that differ, then the others, both in the order in which they first come. Numbers are equal when their
/// values are: 1 and 1.0.
std::vector<ComparedSetting> compareSettings(std::span<const Json> configs);

} // namespace mpo
