// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mpo {

/// Tokens of a row of training data: a pair, a text with its answer (no rejected), or a prompt (neither).
struct RowLengths
{
    std::int32_t prompt = 0, chosen = 0, rejected = 0;
};

/// One line of what a training needs at the moment when most is in use.
struct MemoryPart
{
    std::string name; ///< "weights", "gradients", "optimizer", "activations", "logits", "kv_cache", "other_models", ...
    std::string what; ///< for people: "8 examples with 2,310 tokens in the largest micro-batch"
    std::int64_t bytes = 0;
};

struct MemoryNeed
{
    std::vector<MemoryPart> parts; ///< the sum is `peak`
    std::int64_t peak = 0; ///< beside what the program and its libraries take
    std::int64_t base = 0; ///< of those
    std::int64_t total() const { return peak + base; }
};

/// What would make it fit.
struct MemoryProposal
{
    std::string sentence; ///< "batch_size = 2 and gradient_accumulation = 4: the same 8 examples a step"
    std::vector<std::pair<std::string, std::string>> settings; ///< to be set: names and values as text
    std::int64_t total = 0; ///< bytes that it needs then
    bool fits = false;
};

/// Bytes that this machine has free for a program (what it can give without swapping, or what a limit on the process or
/// its group leaves); 0: unknown.
std::int64_t availableMemory();

/// Memory of this process now, in bytes; 0: unknown.
std::int64_t residentMemory();

/// "4.9 GB", "312 MB" (powers of 1024).
std::string memoryText(std::int64_t bytes);

} // namespace mpo
