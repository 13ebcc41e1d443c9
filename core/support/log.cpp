// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>
#include <string_view>

namespace mpo {

spdlog::logger& log()
{
    static const auto s_logger = [] {
        auto logger = std::make_shared<spdlog::logger>("mpo", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        logger->set_pattern("%H:%M:%S %^%l%$ %v");
        logger->flush_on(spdlog::level::warn);
        const char* const wanted = std::getenv("MPO_LOG");
        const std::string_view name = wanted ? wanted : "info";
        auto level = spdlog::level::info;
        if (name == "trace")
            level = spdlog::level::trace;
        else if (name == "debug")
            level = spdlog::level::debug;
        else if (name == "warn")
            level = spdlog::level::warn;
        else if (name == "error")
            level = spdlog::level::err;
        logger->set_level(level);
        if (wanted && level == spdlog::level::info && name != "info")
            logger->warn("MPO_LOG={} is unknown; use trace, debug, info, warn or error", name);
        return logger;
    }();
    return *s_logger;
}

} // namespace mpo
