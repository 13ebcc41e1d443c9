// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <spdlog/spdlog.h>

#include <memory>

namespace mpo {

/// The program's logger. Writes to stderr, so that stdout stays free for results; level from MPO_LOG (trace, debug,
/// info, warn, error), info by default. Safe on any thread.
spdlog::logger& log();

} // namespace mpo
