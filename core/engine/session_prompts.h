// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/engine/command.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mpo {

class Workspace;
struct SessionSource;

/// Whether a session may take a row of its data, by number; none given: all.
using EligibleRow = std::function<bool(std::int64_t row)>;

/// Numbers of `count` rows, or of all that may be taken, in an order drawn from seed and purpose.
std::vector<std::int64_t> drawRows(
    const Dataset& data, std::int64_t count, std::uint64_t seed, const char* purpose, const EligibleRow& eligible = {});

/// Rows whose prompts a session judges, at random or by strata of reward gap. Throws Error: no gaps to draw by.
std::vector<std::int64_t> drawPrompts(
    const Workspace& workspace, const Dataset& data, const CreateEvaluation& command, const EligibleRow& eligible = {});

/// Prompts that are drawn from: of the data set, else those of the files. Throws Error: neither has any.
Dataset promptsFor(const Workspace& workspace, const CreateEvaluation& command, std::span<const SessionSource> sources);

} // namespace mpo
