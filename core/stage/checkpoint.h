// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/tensor_file.h"
#include "core/support/json.h"

#include <filesystem>
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
/// MANIFEST.json with sizes and SHA-256 is written last. Keeps the `keep` newest and those that one of them names as
/// its best (values "best": {"step"}). Throws Error (disk full); older checkpoints stay untouched.
void writeCheckpoint(const std::filesystem::path& folder, std::int64_t step, const Json& values,
    const NamedTensors& tensors, std::int64_t keep = 2);

/// The newest checkpoint whose manifest verifies; empty: none.
std::optional<Checkpoint> readNewestCheckpoint(const std::filesystem::path& folder);
/// That of this step; empty: it is not there or does not verify.
std::optional<Checkpoint> readCheckpoint(const std::filesystem::path& folder, std::int64_t step);

} // namespace mpo
