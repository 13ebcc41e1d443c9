// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/tensor_file.h"
#include "core/support/json.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace mpo {

/// Everything a stage needs to go on as if it had never stopped: trained tensors, optimiser state, step and small
/// numbers. Orders of examples and random draws are functions of (seed, epoch or rollout), so no generator has to be
/// stored.
struct Checkpoint
{
    std::int64_t step = 0; ///< steps done
    Json values; ///< what the stage adds
    std::map<std::string, at::Tensor> tensors;

    /// Copies the tensors PREFIX + name into `parameters`. Throws Error when one is missing or of another shape.
    void restoreParameters(const NamedTensors& parameters, const std::string& prefix) const;
};

/// Writes FOLDER/<step>/{state.safetensors, state.json, MANIFEST.json} under a temporary name and renames;
/// MANIFEST.json with sizes and SHA-256 is written last. Keeps the two newest. Throws Error (disk full); older
/// checkpoints stay untouched.
void writeCheckpoint(
    const std::filesystem::path& folder, std::int64_t step, const Json& values, const NamedTensors& tensors);

/// The newest checkpoint whose manifest verifies; empty: none.
std::optional<Checkpoint> readNewestCheckpoint(const std::filesystem::path& folder);

/// When a loop writes its next checkpoint: every so many steps, or, with 0, by time: two minutes after the last one,
/// later where writing one takes so long that it would cost more than 3 % of the time.
class CheckpointClock
{
public:
    explicit CheckpointClock(std::int64_t everySteps);

    bool due(std::int64_t stepsDone) const; ///< after a step
    bool dueByTime() const; ///< also between steps; never when checkpoints go by steps
    void time(const std::function<void()>& write); ///< writes and begins to count anew

private:
    std::int64_t m_everySteps;
    std::chrono::steady_clock::time_point m_next;
};

} // namespace mpo
