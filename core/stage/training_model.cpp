// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/training_model.h"

#include "core/config/settings.h"
#include "core/model/frozen_weights.h"
#include "core/model/model.h"

namespace mpo {

void settleComputeType(Settings& settings, const ModelConfig& model)
{
    settings.set("dtype", std::string(nameOf(computeTypeFor(settings.text("dtype"), model))));
}

void prepareForTraining(Model& model, const Settings& settings)
{
    model.trunk->computeType = computeTypeFor(settings.text("dtype"), model.config());
    model.trunk->recomputesLayers = settings.flag("gradient_checkpointing");
    if (model.adapter)
        freezeWeights(model);
}

} // namespace mpo
