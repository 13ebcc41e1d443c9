// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mpo {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Reads a safetensors file that is not trusted: header at most 100 MB and starting with '{', no key twice, offsets
/// contiguous from 0 without holes, sizes that fit dtype and shape (checked for overflow), total equal to the file's
/// size. Throws Error naming file and tensor. Returns copies on the CPU in the stored types, by name.
std::map<std::string, at::Tensor> readTensorFile(const std::filesystem::path& file);

/// A model folder: model.safetensors, or model.safetensors.index.json with its shards (plain file names only).
std::map<std::string, at::Tensor> readModelTensors(const std::filesystem::path& folder);

/// Writes safetensors in the given order and in the tensors' own types (F32, BF16, F16, I64), atomically.
/// `metadata` lands in "__metadata__"; "format": "pt" is always there.
void writeTensorFile(const std::filesystem::path& file, const NamedTensors& tensors,
    const std::map<std::string, std::string>& metadata = {});

} // namespace mpo
