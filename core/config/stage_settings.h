// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

namespace mpo {

/// THE TABLE of settings: all of one stage in the order of the form.
const std::vector<SettingInfo>& declaredSettings(StageKind stage);

} // namespace mpo
