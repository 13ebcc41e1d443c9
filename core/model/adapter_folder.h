// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"

namespace mpo {

/// Whether the folder holds an adapter of PEFT and no whole model.
bool isAdapterFolder(const std::filesystem::path& folder);

/// Where the base model of an adapter folder is: base_model_name_or_path as it stands, or beside the adapter where the
/// two were moved together. Throws Error saying what to do when it is in neither place.
std::filesystem::path baseOfAdapter(const std::filesystem::path& folder);

/// Reads adapter_config.json and adapter_model.safetensors and puts them on a model; with a saved head
/// (modules_to_save: score) a language model becomes a reward model. Throws Error naming what is not supported: DoRA,
/// trained biases or embeddings, other methods than LoRA, matrices for layers that the model does not have.
void readAdapter(Model& model, const std::filesystem::path& folder);

/// Writes the files of PEFT into a folder that exists.
void writeAdapter(const Model& model, const std::filesystem::path& folder);

} // namespace mpo
