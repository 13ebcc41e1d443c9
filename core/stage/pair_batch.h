// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/log_probs.h"
#include "core/model/model.h"
#include "core/parallel/communicator.h"
#include "core/tokenizer/tokenized_pair.h"

#include <functional>
#include <span>
#include <vector>

namespace mpo {

/// Without gradient a batch of this many tokens keeps the GEMMs busy and the memory small.
inline constexpr std::int64_t kInferenceTokens = 4096;

/// Pairs laid into one packed batch: segments prompt, chosen, rejected of each pair, the prompt once (twice for a pair
/// so long that the model's rotary positions do not let its responses share it).
struct PairBatch
{
    PackedBatch packed;
    std::vector<std::int64_t> chosen, rejected; ///< segment numbers, one for each pair
    std::vector<std::int64_t> responses() const; ///< all chosen, then all rejected
};
PairBatch pairBatch(const CausalLm& model, std::span<const TokenizedPair> pairs, std::span<const std::int64_t> numbers);

/// Tokens that a pair costs: prompt once and both responses.
std::int64_t tokensOf(const TokenizedPair& pair);
/// Tokens of its two sequences prompt + response: what TRL's num_tokens counts.
std::int64_t sequenceTokensOf(const TokenizedPair& pair);

/// Groups of example numbers with at most `maxTokens` tokens together (at least one example each), in order.
std::vector<std::vector<std::int64_t>> batchesByTokens(std::span<const std::int64_t> numbers,
    const std::function<std::int64_t(std::int64_t)>& tokens, std::int64_t maxTokens);

/// `count` sums over examples: calls add(numbers, sums) for batches of kInferenceTokens, which the ranks divide.
std::vector<double> sumsOverBatches(std::span<const std::int64_t> numbers,
    const std::function<std::int64_t(std::int64_t)>& tokens, Communicator& ranks, std::size_t count,
    const std::function<void(std::span<const std::int64_t> numbers, std::vector<double>& sums)>& add);

/// Summed log-probs of both responses of each pair without gradient; `counts` are response tokens. The ranks divide the
/// batches and ask `goOn` after each round of them, with what is known then of the first pairs; when it says no, that
/// is returned, and may be given as `before` to go on.
struct PairSums
{
    std::vector<double> chosen, rejected;
    std::vector<std::int64_t> chosenTokens, rejectedTokens;
};
PairSums pairSums(const Model& model, std::span<const TokenizedPair> pairs,
    const std::function<bool(const PairSums& done)>& goOn = {}, Communicator& ranks = *aloneCommunicator(),
    PairSums before = {});

} // namespace mpo
