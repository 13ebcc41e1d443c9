// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/frozen_weights.h"

#include <ATen/ATen.h>

#include <utility>

namespace mpo {

void freezeWeights(const Model& model)
{
    const at::ScalarType type = scalarType(model.trunk->computeType);
    for (const Linear* linear : std::as_const(*model.trunk).linears())
        if (linear->weight.scalar_type() != type) {
            at::Tensor weight = linear->weight; // the same tensor, whoever else refers to it
            weight.set_requires_grad(false);
            weight.set_data(weight.to(type));
        }
}

void prepareForInference(const Model& model, const std::string& dtype)
{
    model.trunk->computeType = computeTypeFor(dtype, model.config());
    freezeWeights(model);
}

} // namespace mpo
