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

/// Everything a stage needs to go on as if it had never stopped: trained tensors, optimiser state, step and small numbers.
/// Orders of examples and random draws are functions of (seed, epoch or rollout), so no generator has to be stored.
struct Checkpoint
{
    std::int64_t step = 0; ///< steps done
    Json values;           ///< what the stage adds
    std::map<std::string, at::Tensor> tensors;
};

/// Writes FOLDER/<step>/{state.safetensors, state.json, MANIFEST.json} under a temporary name and renames; MANIFEST.json with
/// sizes and SHA-256 is written last. Keeps the two newest. Throws Error (disk full); older checkpoints stay untouched.
void writeCheckpoint(const std::filesystem::path& folder, std::int64_t step, const Json& values, const NamedTensors& tensors);

/// The newest checkpoint whose manifest verifies; empty: none.
std::optional<Checkpoint> readNewestCheckpoint(const std::filesystem::path& folder);

/// Copies the tensors PREFIX + name of a checkpoint read from `folder` into those given. Throws Error when one is missing or of
/// another shape: the checkpoint is of another model.
void restoreTensors(const Checkpoint& checkpoint, const std::filesystem::path& folder, const std::string& prefix, const NamedTensors& into);

} // namespace mpo
