// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_config.h"

#include <cstdint>
#include <vector>

namespace mpo {

/// The attention window of each layer of Qwen 2 and 3; 0: none. Throws Error naming a field of config.json.
std::vector<std::int64_t> qwenWindows(const ModelConfig& config);

} // namespace mpo
