// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/support/memory_need.h"

#include <stop_token>

namespace mpo {

class Project;
struct MemoryInput;

/// Whether a training fits, told before it starts: from config.json, the settings and the lengths of the data.
struct Preflight
{
    MemoryNeed need;
    std::int64_t available = 0; ///< free memory and what this program has already; 0: unknown
    bool fits = true;
    std::vector<MemoryProposal> proposals; ///< where it does not fit

    std::string sentence() const; ///< "Needs about 4.9 GB of memory; 21.3 GB are free"
};

/// Tokens of the rows that a training is about: its data, split and limit, before max_length. Goes through the
/// tokenizer, so it takes a while for large data; a form keeps it for as long as these stay the same. Throws Error;
/// less than all when stopped.
std::vector<RowLengths> rowLengths(Project& project, const TrainStage& command, const std::stop_token& stop = {});

/// Parameters of a model that is named in a command, from its configuration. Throws Error as preflight() does.
std::int64_t parametersOf(Project& project, const std::string& model);

/// Milliseconds. Throws Error for a model that is not there or of an unknown kind.
Preflight preflight(Project& project, const TrainStage& command, const std::vector<RowLengths>& rows);
Preflight preflightOf(const MemoryInput& input); ///< for the engine, which has loaded all of it

} // namespace mpo
