// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/adapter.h"
#include "core/model/causal_lm.h"
#include "core/tokenizer/tokenizer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace mpo {

/// A model with what belongs to it. A reward or value model has a head, a policy has none.
struct Model
{
    std::unique_ptr<CausalLm> trunk;
    at::Tensor head; ///< score.weight (1, D) fp32 leaf; undefined: a language model
    std::optional<Adapter> adapter; ///< on the trunk's linear layers; only it (and the head) is trained then
    std::shared_ptr<const Tokenizer> tokenizer; ///< null: the folder has none (rows of ids only)
    Json generationConfig; ///< generation_config.json of the folder; null: none
    std::filesystem::path folder; ///< where it was read; empty: made by the program

    const ModelConfig& config() const { return trunk->config(); }
    bool isReward() const { return head.defined(); }
    /// Trunk and head, without the language model's output layer if there is a head, without adapter.
    NamedTensors parameters() const;
    /// What training changes: the adapter's matrices and the head, or all parameters. Leaves.
    NamedTensors trainable() const;
    std::int64_t parameterCount() const; ///< with the adapter's
    void setRequiresGrad(bool requiresGrad); ///< of what is trainable
};

/// Random weights, no folder. For the demo and for tests.
Model createModel(const Json& config, std::uint64_t seed, std::shared_ptr<const Tokenizer> tokenizer);

/// A copy with weights of its own.
Model cloneModel(const Model& model);

/// A copy that stays as the model is now while the model is trained: it shares what is not trained.
Model frozenCopy(const Model& model);

/// Where a score is read depends on the padding id, so it is settled for a reward model, as TRL does: with a tokenizer
/// its padding token, else its EOS; without one the padding id of config.json, else the EOS there.
void settlePadding(Model& model);

/// The policy's trunk with a new scalar head (normal, std 1/sqrt(D + 1)) and settled padding; weights are copied, an
/// adapter too.
Model rewardModelFrom(const Model& policy, std::uint64_t seed);

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
