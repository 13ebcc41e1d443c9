// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/causal_lm.h"

namespace mpo {

struct TokenLogProbs
{
    at::Tensor logProbs; ///< (R) fp32, differentiable
    at::Tensor entropy; ///< (R) fp32 nats, detached; undefined unless asked for
};

struct LogProbOptions
{
    double temperature = 1.0; ///< logits are divided by it
    double softCap = 0.0; ///< before that they become softCap * tanh(logit / softCap) (Gemma 2); 0: they stay
    bool entropy = false;
    std::int64_t chunkRows = 0; ///< rows of logits that exist at a time; 0: chosen from V
    ComputeType computeType = ComputeType::Float32;
};

/// Rows of logits of V columns that exist at a time: `wanted`, or as many as 64 MiB of fp32 hold, between 16 and 4096.
std::int64_t logProbChunkRows(std::int64_t vocabulary, std::int64_t wanted = 0);

/// log softmax(hidden W^T / temperature)[target] (logits soft-capped first where asked) for each row, in chunks with a
/// gradient of its own, so that the (R, V) matrix never exists. hidden: (R, D), weight: (V, D), targets: (R) int64.
/// Reductions in fp32.
TokenLogProbs tokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, const LogProbOptions& options = {});

/// Runs the model (its own soft cap is used) and returns the log-probs of the tokens of the given segments, (R), with
/// the rows they belong to.
struct ResponseLogProbs
{
    TokenLogProbs tokens;
    ResponseRows rows;
    at::Tensor summed() const; ///< (responses): sum of the token log-probs of each response, differentiable
    at::Tensor counts() const; ///< (responses) fp32: tokens of each response
};
ResponseLogProbs responseLogProbs(const CausalLm& model, const PackedBatch& batch,
    std::span<const std::int64_t> responses, const LogProbOptions& options = {});

/// The same from hidden states of the batch that are there already. (N, D)
ResponseLogProbs responseLogProbs(const CausalLm& model, const at::Tensor& hidden, const PackedBatch& batch,
    std::span<const std::int64_t> responses, const LogProbOptions& options = {});

} // namespace mpo
