// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/training_model.h"

#include "core/config/settings.h"
#include "core/model/frozen_weights.h"
#include "core/model/model.h"

namespace mpo {

void prepareForTraining(Model& model, const Settings& settings)
{
    model.trunk->computeType = computeTypeFromName(settings.text("dtype"));
    model.trunk->recomputesLayers = settings.flag("gradient_checkpointing");
    if (model.adapter)
        freezeWeights(model);
}

void prepareForInference(const Model& model, const Settings& settings)
{
    model.trunk->computeType = computeTypeFromName(settings.text("dtype"));
    freezeWeights(model);
}

} // namespace mpo
