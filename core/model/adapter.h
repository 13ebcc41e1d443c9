// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/linear.h"
#include "core/model/tensor_file.h"
#include "core/support/json.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpo {

struct Model; // core/model/model.h

struct LoraOptions
{
    std::int64_t rank = 8; ///< >= 1
    double alpha = 16.0; ///< > 0
    double dropout = 0.0; ///< in [0, 1)
    bool rankStabilised = false; ///< scale alpha / sqrt(r) (arXiv 2312.03732) instead of alpha / r
    /// Ends of module names ("q_proj"); empty: every linear layer of the trunk ("all-linear").
    std::vector<std::string> targets;
};

/// LoRA (arXiv 2106.09685) on a model, in the form that PEFT gives it. The matrices themselves are in Linear::lowRank.
struct Adapter
{
    Json config; ///< as in PEFT's adapter_config.json
    std::filesystem::path base; ///< of the model that it changes
    std::shared_ptr<DropoutState> dropout; ///< of its linear layers
    /// An earlier adapter on the same base, merged into the weights since: what is saved is both as one.
    std::map<std::string, LowRank> merged; ///< by module
};

/// Puts a new adapter on a model: A uniform in +- 1 / sqrt(in), B zero, so that the model gives the numbers it gave
/// before. One that is on it is merged into the weights first (and saved with the new one). A model with a head trains
/// the head too. Throws Error naming a target that no layer has.
void addAdapter(Model& model, const LoraOptions& options, std::uint64_t seed);

/// Adds what the adapter changes to the weights and takes it off.
void mergeAdapter(Model& model);

/// The adapter of `from`, with matrices of its own, onto the layers of the same names.
void copyAdapter(const Model& from, Model& onto);

/// Leaves, by the names that PEFT gives them: base_model.model.MODULE.lora_A.weight, ...,
/// base_model.model.score.weight.
NamedTensors adapterTensors(const Model& model);

/// The scale of a pair of matrices of rank r.
double loraScale(double alpha, std::int64_t rank, bool rankStabilised);

} // namespace mpo
