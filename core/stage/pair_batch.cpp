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
    const std::function<bool(const PairSums&)>& goOn, Communicator& ranks, PairSums before)
{
    const at::NoGradGuard noGrad;
    PairSums sums = std::move(before);
    // The batches that follow are the same as if the first ones were computed now: they are cut in order.
    std::vector<std::int64_t> numbers(pairs.size() - sums.chosen.size());
    std::iota(numbers.begin(), numbers.end(), std::int64_t(sums.chosen.size()));
    const auto batches = batchesByTokens(
        numbers, [&](std::int64_t i) { return tokensOf(pairs[std::size_t(i)]); }, kInferenceTokens);
    const auto count = std::int64_t(batches.size());
    for (std::int64_t round = 0; round < rounds(count, ranks); ++round) {
        const std::int64_t firstBatch = round * ranks.size(),
                           lastBatch = std::min(count, firstBatch + ranks.size()) - 1;
        const auto firstPair = std::size_t(batches[std::size_t(firstBatch)].front());
        const std::size_t size = std::size_t(batches[std::size_t(lastBatch)].back()) + 1 - firstPair;
        PairSums part {std::vector<double>(size), std::vector<double>(size), std::vector<std::int64_t>(size),
            std::vector<std::int64_t>(size)};
        if (const std::int64_t own = dealt(round, count, ranks); own >= 0) {
            const std::vector<std::int64_t>& batchNumbers = batches[std::size_t(own)];
            const PairBatch batch = pairBatch(*model.trunk, pairs, batchNumbers);
            const std::vector<std::int64_t> responses = batch.responses();
            const auto logProbs
                = responseLogProbs(*model.trunk, batch.packed, responses, {.computeType = model.trunk->computeType});
            const at::Tensor summed = logProbs.summed().to(at::kDouble).contiguous();
            const at::Tensor counts = logProbs.counts().to(at::kLong).contiguous();
            const std::size_t n = batchNumbers.size();
            const auto at = std::ptrdiff_t(std::size_t(batchNumbers.front()) - firstPair); // numbers in a row
            std::copy_n(summed.const_data_ptr<double>(), n, part.chosen.begin() + at);
            std::copy_n(summed.const_data_ptr<double>() + n, n, part.rejected.begin() + at);
            std::copy_n(counts.const_data_ptr<std::int64_t>(), n, part.chosenTokens.begin() + at);
            std::copy_n(counts.const_data_ptr<std::int64_t>() + n, n, part.rejectedTokens.begin() + at);
        }
        const auto append = [&](auto& all, auto& more) {
            ranks.sum(more);
            all.insert(all.end(), more.begin(), more.end());
        };
        append(sums.chosen, part.chosen);
        append(sums.rejected, part.rejected);
        append(sums.chosenTokens, part.chosenTokens);
        append(sums.rejectedTokens, part.rejectedTokens);
        if (goOn && !goOn(sums))
            break;
    }
    return sums;
}

} // namespace mpo
