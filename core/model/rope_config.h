// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/rotary.h"
#include "core/model/model_config.h"

#include <string>

namespace mpo {

/// How a family spells what it says about rotary positions. The spelling of transformers 5 ("rope_parameters", with
/// everything inside, by kind of layer in Gemma 3) is read first, then the one before ("rope_scaling" beside
/// "rope_theta").
struct RopeFields
{
    const char* theta = "rope_theta";
    double defaultTheta = 10000.0;
    const char* partial = "partial_rotary_factor"; ///< share of a head that turns
    double defaultPartial = 1.0;
    std::string layerType; ///< key within "rope_parameters" where it differs by kind of layer; empty: one for all
    bool useScaling = true; ///< false: "rope_scaling" is meant for another kind of layer
    bool yarnIsLongRope = false; ///< Phi-3 once called LongRoPE so
    std::int64_t originalPositions = 0; ///< where "original_max_position_embeddings" is absent; 0: see readRotary
};

/// Throws Error naming the field: a kind of scaling that is not known, lists of the wrong length.
RotaryOptions readRotary(const ModelConfig& config, const RopeFields& fields = {});

} // namespace mpo
