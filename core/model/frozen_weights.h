// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model.h"

namespace mpo {

/// Keeps the weights of linear layers, which nobody is to train, in the type in which products are computed
/// (trunk->computeType, which must stay then): in bf16 they take half the memory, and batches need not round them anew.
/// What is computed stays the same to the bit. It holds for all models on the same weights (frozenCopy, adapters). Of
/// such a model only an adapter may be saved, and its digest is no longer that of its folder.
void freezeWeights(const Model& model);
/// For a model that is only to compute: `dtype` as of computeTypeFor(), and its weights frozen.
void prepareForInference(const Model& model, const std::string& dtype);

} // namespace mpo
