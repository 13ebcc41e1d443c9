// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/causal_lm.h"

#include <map>
#include <memory>
#include <span>
#include <string_view>

namespace mpo {

/// One architecture. To add one: a file in families/, a line in the table in model_family.cpp, a test.
struct ModelFamily
{
    std::string_view name; ///< "model_type" in config.json
    std::string_view causalClass; ///< "LlamaForCausalLM", written as "architectures"
    std::string_view rewardClass; ///< "LlamaForSequenceClassification"
    ModelConfig (*readConfig)(const Json& config);
    /// Takes the tensors it needs out of `tensors` (any float type; they become fp32 leaves); empty map: random weights
    /// drawn from `seed` (normal, standard deviation initializer_range). Throws Error naming a missing tensor or one of
    /// the wrong shape.
    std::unique_ptr<CausalLm> (*create)(
        const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed);
};
std::span<const ModelFamily> modelFamilies();
const ModelFamily& findModelFamily(std::string_view name); ///< throws Error listing the known ones

} // namespace mpo
