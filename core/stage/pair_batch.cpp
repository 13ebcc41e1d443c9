// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/pair_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
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

std::vector<double> sumsOverBatches(std::span<const std::int64_t> numbers,
    const std::function<std::int64_t(std::int64_t)>& tokens, Communicator& ranks, std::size_t count,
    const std::function<void(std::span<const std::int64_t>, std::vector<double>&)>& add)
{
    std::vector<double> sums(count);
    const auto batches = batchesByTokens(numbers, tokens, kInferenceTokens);
    for (auto i = std::size_t(ranks.rank()); i < batches.size(); i += std::size_t(ranks.size()))
        add(batches[i], sums);
    ranks.sum(sums);
    return sums;
}

PairSums pairSums(const Model& model, std::span<const TokenizedPair> pairs,
    const std::function<bool(std::int64_t)>& goOn, Communicator& ranks)
{
    const at::NoGradGuard noGrad;
    std::vector<std::int64_t> numbers(pairs.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    const auto batches = batchesByTokens(
        numbers, [&](std::int64_t i) { return tokensOf(pairs[std::size_t(i)]); }, kInferenceTokens);
    PairSums sums {std::vector<double>(pairs.size()), std::vector<double>(pairs.size()),
        std::vector<std::int64_t>(pairs.size()), std::vector<std::int64_t>(pairs.size())};
    const auto count = std::int64_t(batches.size());
    for (std::int64_t round = 0; round < rounds(count, ranks); ++round) {
        if (const std::int64_t own = dealt(round, count, ranks); own >= 0) {
            const std::vector<std::int64_t>& batchNumbers = batches[std::size_t(own)];
            const PairBatch batch = pairBatch(*model.trunk, pairs, batchNumbers);
            const std::vector<std::int64_t> responses = batch.responses();
            const auto logProbs
                = responseLogProbs(*model.trunk, batch.packed, responses, {.computeType = model.trunk->computeType});
            const at::Tensor summed = logProbs.summed().to(at::kDouble).contiguous();
            const at::Tensor counts = logProbs.counts().to(at::kLong).contiguous();
            const std::size_t n = batchNumbers.size(), first = std::size_t(batchNumbers.front()); // numbers in a row
            std::copy_n(summed.const_data_ptr<double>(), n, sums.chosen.begin() + std::ptrdiff_t(first));
            std::copy_n(summed.const_data_ptr<double>() + n, n, sums.rejected.begin() + std::ptrdiff_t(first));
            std::copy_n(counts.const_data_ptr<std::int64_t>(), n, sums.chosenTokens.begin() + std::ptrdiff_t(first));
            std::copy_n(
                counts.const_data_ptr<std::int64_t>() + n, n, sums.rejectedTokens.begin() + std::ptrdiff_t(first));
        }
        const std::int64_t lastOfRound = std::min(count, (round + 1) * ranks.size()) - 1;
        if (goOn && !goOn(batches[std::size_t(lastOfRound)].back() + 1) && lastOfRound + 1 < count)
            return {};
    }
    ranks.sum(sums.chosen);
    ranks.sum(sums.rejected);
    ranks.sum(sums.chosenTokens);
    ranks.sum(sums.rejectedTokens);
    return sums;
}

} // namespace mpo
