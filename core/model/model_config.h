// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// Shape of a decoder-only model, as read from config.json. Dimension letters: core/README.md.
struct ModelConfig
{
    std::string family; ///< "model_type": "llama"
    std::int64_t vocabulary = 0; ///< V
    std::int64_t hidden = 0; ///< D
    std::int64_t intermediate = 0; ///< width of the feed-forward
    std::int64_t layers = 0;
    std::int64_t heads = 0; ///< H
    std::int64_t kvHeads = 0; ///< K, divides H
    std::int64_t headWidth = 0; ///< D / H unless the file says otherwise
    std::int64_t maxPositions = 0;
    double normEps = 1e-5;
    bool tiedEmbeddings = false; ///< lm_head is the embedding matrix
    std::int64_t bosId = -1, eosId = -1, padId = -1; ///< -1: none
    std::vector<std::int64_t> eosIds; ///< all ids that end a response (config.json may hold a list)
    Json raw; ///< the whole config.json; written back with what we change
};

/// What computes: the type of the GEMMs. Master weights, norms, losses and reductions stay in fp32.
enum class ComputeType { Float32, BFloat16 };
/// "fp32", "bf16" or "auto": bf16 where the processor has instructions for it and the model is wide enough to gain by
/// it. Throws Error for another name.
ComputeType computeTypeFor(const std::string& name, const ModelConfig& config);
const char* nameOf(ComputeType type); ///< "fp32" or "bf16"
bool processorHasBFloat16(); ///< avx512_bf16 or amx_bf16

} // namespace mpo
