// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/causal_lm.h"
#include "core/tokenizer/tokenizer.h"

#include <filesystem>
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

/// A model with what belongs to it. A reward or value model has a head, a policy has none.
struct Model
{
    std::unique_ptr<CausalLm> trunk;
    at::Tensor head; ///< score.weight (1, D) fp32 leaf; undefined: a language model
    std::shared_ptr<const Tokenizer> tokenizer; ///< null: the folder has none (rows of ids only)
    Json generationConfig; ///< generation_config.json of the folder; null: none
    std::filesystem::path folder; ///< where it was read; empty: made by the program

    const ModelConfig& config() const { return trunk->config(); }
    bool isReward() const { return head.defined(); }
    /// Trunk and head, without the language model's output layer if there is a head.
    NamedTensors parameters() const;
    std::int64_t parameterCount() const;
    void setRequiresGrad(bool requiresGrad);
};

/// Reads a Hugging Face folder: config.json, *.safetensors, tokenizer.json if there; or a GGUF file. Throws Error
/// naming file and tensor.
Model loadModel(const std::filesystem::path& folder);

/// Random weights, no folder. For the demo and for tests.
Model createModel(const Json& config, std::uint64_t seed, std::shared_ptr<const Tokenizer> tokenizer);

/// A copy with weights of its own.
Model cloneModel(const Model& model);

/// The policy's trunk with a new scalar head (normal, std 1/sqrt(D + 1)); weights are copied. A policy without a
/// padding id gets its EOS as that, as in TRL.
Model rewardModelFrom(const Model& policy, std::uint64_t seed);

/// Writes config.json, model.safetensors (F32), tokenizer files, generation_config.json beside `folder` and renames: an
/// existing folder is replaced as a whole. Reward models as ...ForSequenceClassification with score.weight.
void saveModel(const Model& model, const std::filesystem::path& folder);

/// Digest over names, shapes and bytes of all parameters: two models with the same digest give the same numbers.
std::string modelDigest(const Model& model);

/// How many tokens of a text are read for its score: transformers takes the last token that is not the padding id of
/// config.json, so an appended EOS that is the padding id too does not count. 0 for a response of padding only: the
/// last token of its prompt is read. Rows of ids that a user gives are scored whole.
std::int64_t scoredLength(const ModelConfig& config, std::span<const TokenId> ids);

/// Scores of packed token lists: the head at the last token of each segment given. Differentiable. (segments.size())
/// fp32
at::Tensor scores(const Model& model, const PackedBatch& batch, std::span<const std::int64_t> segments);

} // namespace mpo
