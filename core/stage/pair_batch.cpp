// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/pair_batch.h"

#include <ATen/ATen.h>

#include <numeric>

namespace mpo {

std::vector<std::int64_t> PairBatch::responses() const
{
    std::vector<std::int64_t> both = chosen;
    both.insert(both.end(), rejected.begin(), rejected.end());
    return both;
}

PairBatch pairBatch(const CausalLm& model, std::span<const TokenizedPair> pairs, std::span<const std::int64_t> numbers)
{
    PackedBatchBuilder builder;
    PairBatch batch;
    for (const std::int64_t number : numbers) {
        const TokenizedPair& pair = pairs[std::size_t(number)];
        const auto longest = std::int64_t(pair.prompt.size() + std::max(pair.chosen.size(), pair.rejected.size()));
        const std::int64_t prompt = builder.add(pair.prompt);
        batch.chosen.push_back(builder.add(pair.chosen, prompt));
        batch.rejected.push_back(
            builder.add(pair.rejected, model.sharesPrompts(longest) ? prompt : builder.add(pair.prompt)));
    }
    batch.packed = builder.build();
    return batch;
}

std::int64_t tokensOf(const TokenizedPair& pair)
{
    return std::int64_t(pair.prompt.size() + pair.chosen.size() + pair.rejected.size());
}

std::int64_t sequenceTokensOf(const TokenizedPair& pair) { return tokensOf(pair) + std::int64_t(pair.prompt.size()); }

std::vector<std::vector<std::int64_t>> batchesByTokens(std::span<const std::int64_t> numbers,
    const std::function<std::int64_t(std::int64_t)>& tokens, std::int64_t maxTokens)
{
    std::vector<std::vector<std::int64_t>> batches;
    std::int64_t inBatch = 0;
    for (const std::int64_t number : numbers) {
        const std::int64_t cost = tokens(number);
        if (batches.empty() || inBatch + cost > maxTokens) {
            batches.emplace_back();
            inBatch = 0;
        }
        batches.back().push_back(number);
        inBatch += cost;
    }
    return batches;
}

PairSums pairSums(
    const Model& model, std::span<const TokenizedPair> pairs, const std::function<bool(std::int64_t)>& goOn)
{
    const at::NoGradGuard noGrad;
    std::vector<std::int64_t> numbers(pairs.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    PairSums sums;
    for (const auto& batchNumbers : batchesByTokens(
             numbers, [&](std::int64_t i) { return tokensOf(pairs[std::size_t(i)]); }, kInferenceTokens)) {
        const PairBatch batch = pairBatch(*model.trunk, pairs, batchNumbers);
        const std::vector<std::int64_t> responses = batch.responses();
        const auto logProbs
            = responseLogProbs(*model.trunk, batch.packed, responses, {.computeType = model.trunk->computeType});
        const at::Tensor summed = logProbs.summed().to(at::kDouble).contiguous();
        const at::Tensor counts = logProbs.counts().to(at::kLong).contiguous();
        const auto n = std::int64_t(batchNumbers.size());
        const double* values = summed.const_data_ptr<double>();
        const std::int64_t* tokens = counts.const_data_ptr<std::int64_t>();
        sums.chosen.insert(sums.chosen.end(), values, values + n);
        sums.rejected.insert(sums.rejected.end(), values + n, values + 2 * n);
        sums.chosenTokens.insert(sums.chosenTokens.end(), tokens, tokens + n);
        sums.rejectedTokens.insert(sums.rejectedTokens.end(), tokens + n, tokens + 2 * n);
        if (goOn && !goOn(std::int64_t(sums.chosen.size())))
            break;
    }
    return sums;
}

} // namespace mpo
