// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"

#include <filesystem>

namespace mpo {

/// Reads a Hugging Face folder (config.json, *.safetensors, tokenizer.json if there), an adapter folder of PEFT
/// together with its base model, or a GGUF file. Throws Error naming file and tensor.
Model loadModel(const std::filesystem::path& folder);

/// Writes config.json, model.safetensors (F32), tokenizer files, generation_config.json beside `folder` and renames: an
/// existing folder is replaced as a whole. Reward models as ...ForSequenceClassification with score.weight. A model
/// with an adapter is written as an adapter folder of PEFT; merge it first to write the whole.
void saveModel(const Model& model, const std::filesystem::path& folder);

} // namespace mpo
