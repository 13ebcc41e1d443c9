// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/gguf_file.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace mpo {

/// Writes the values of `blocks` blocks as fp32. Bit for bit what ggml and its Python package compute.
using Dequantise = void (*)(const std::byte* from, std::int64_t blocks, float* to);

/// nullptr: numbers of this type cannot be read.
Dequantise dequantiserOf(const GgufType& type);
std::string dequantisableTypes(); ///< "F32, F16, ..."

/// All tensors of a file as fp32, in their shapes, on several threads. Throws Error naming a tensor of a type that
/// cannot be read.
std::map<std::string, at::Tensor> dequantisedTensors(const GgufFile& file);

} // namespace mpo
