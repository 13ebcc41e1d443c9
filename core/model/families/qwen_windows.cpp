// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/qwen_windows.h"

#include "core/model/config_reader.h"

namespace mpo {

std::vector<std::int64_t> qwenWindows(const ModelConfig& config)
{
    const ConfigReader reader(config.raw);
    const std::int64_t window
        = reader.flag("use_sliding_window", false) ? reader.sizeOrNone("sliding_window", 4096) : 0;
    const std::int64_t full = reader.count("max_window_layers", 28); // the first so many layers see all
    std::vector<std::int64_t> windows;
    for (const bool sliding :
        readSlidingLayers(config.raw, config.layers, [&](std::int64_t layer) { return window > 0 && layer >= full; }))
        windows.push_back(sliding ? window : 0);
    return windows;
}

} // namespace mpo
