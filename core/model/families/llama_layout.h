// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/decoder.h"

namespace mpo {

/// What differs among the families that name their tensors as Llama does.
struct LlamaLayout
{
    bool qkvBias = false, outBias = false, mlpBias = false;
    bool headNorms = false; ///< q_norm and k_norm over each head
    Norm::Kind norm = Norm::Kind::Rms;
    bool normsAround = false; ///< norms before and after attention and feed-forward (Gemma 2)
    std::string activationField = "hidden_act", activation = "silu"; ///< the latter where the field is absent
};

/// All parts but rotaries, which the family adds; every layer uses the first.
DecoderParts takeLlamaParts(const ModelConfig& config, const LlamaLayout& layout,
    std::map<std::string, at::Tensor>& tensors, std::uint64_t seed);

} // namespace mpo
