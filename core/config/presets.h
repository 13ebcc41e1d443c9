// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

#include <span>

namespace mpo {

/// Settings that suit models of a size: where to start from. Beside the defaults, which suit none in particular.
struct Preset
{
    std::string_view name; ///< "small"
    std::string_view title; ///< "Small: 50 to 700 M"
    std::string_view help; ///< one line: what it does and why
    std::int64_t below; ///< parameters of the models it is for; the one before says from how many
};

/// By rising size; the last one is for all that are larger.
std::span<const Preset> presets();
const Preset& findPreset(std::string_view name); ///< throws Error listing the names
const Preset& presetFor(std::int64_t parameters);

/// All settings of a stage under a preset; what it says nothing of is at its default.
Settings presetSettings(const Preset& preset, StageKind stage);

} // namespace mpo
