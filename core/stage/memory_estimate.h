// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/model/model_config.h"
#include "core/support/memory_need.h"
#include "core/tokenizer/tokenized_pair.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpo {

/// What decides how much memory a training needs. Nothing of it is loaded: a configuration, settings and lengths.
struct MemoryInput
{
    StageKind stage = StageKind::Dpo;
    Settings settings {StageKind::Dpo};
    ModelConfig model; ///< that is trained
    std::int64_t fileBytes = 0; ///< of its weights on disk; 0: as in fp32
    bool isReward = false; ///< it has a head already, so none is made beside it
    std::int64_t adapterRank = 0; ///< of a LoRA that is trained on, instead of one by lora_rank; 0: none
    std::optional<ModelConfig> reference; ///< dpo, ppo: where it is another model
    std::optional<ModelConfig> reward; ///< ppo
    std::optional<ModelConfig> sft; ///< ppo
    std::vector<RowLengths> rows; ///< as they are trained on: cut, and without those that are too long
};

MemoryNeed estimateMemory(const MemoryInput& input);

/// Tokens and responses of the largest micro-batch that the run will meet: its orders are functions of the seed.
struct LargestBatch
{
    std::int64_t rows = 0; ///< examples in it
    std::int64_t tokens = 0; ///< (N)
    std::int64_t targets = 0; ///< response tokens (R)
};
LargestBatch largestMicroBatch(StageKind stage, const Settings& settings, std::span<const RowLengths> rows);

/// Parameters of a model with this configuration; `withOutput` false: a reward model's trunk.
std::int64_t parameterCount(const ModelConfig& config, bool withOutput = true);

/// Smaller micro-batches with the same examples to an optimiser step, gradient checkpointing, and LoRA: in this order,
/// alone and each of the two with smaller micro-batches; the first that fits into `available` bytes of each kind, and
/// if none does the smallest.
std::vector<MemoryProposal> proposalsFor(const MemoryInput& input, std::int64_t available);

std::vector<RowLengths> lengthsOf(std::span<const TokenizedPair> pairs);

/// Rows as a stage trains on them: cut to max_length, or left out (core/tokenizer/tokenized_pair.h).
std::vector<RowLengths> withinLimit(std::vector<RowLengths> rows, StageKind stage, std::int64_t maxLength);

} // namespace mpo
