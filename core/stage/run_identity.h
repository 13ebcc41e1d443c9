// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/support/json.h"
#include "core/tokenizer/tokenized_pair.h"

#include <span>
#include <string>

namespace mpo {

// By what a checkpoint is known to belong to a run: digests of what the run is made from, and the machine.

std::string digestOf(std::span<const TokenIds> prompts);
std::string digestOf(std::span<const TokenizedPair> pairs);

/// What the last digits of a run's numbers depend on beside the program: processes, threads, type of the products, kind
/// of processor, LibTorch.
/// The type is that of the settings (settleComputeType).
Json machineOf(const Settings& settings, int processes);

} // namespace mpo
