// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace mpo {

/// What stands in a GGUF file, as the files of a Hugging Face folder would say it.
struct GgufModel
{
    Json config, generationConfig;
    std::map<std::string, at::Tensor> tensors; ///< fp32
    std::shared_ptr<const Tokenizer> tokenizer; ///< null: the file has none
};

/// Throws Error naming the file and what is missing, damaged or not supported.
GgufModel readGgufModel(const std::filesystem::path& file);

} // namespace mpo
