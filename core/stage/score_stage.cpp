// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/pair_batch.h"
#include "core/stage/stages.h"
#include "core/support/text.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace mpo {

namespace {
std::vector<std::int64_t> numbersUpTo(std::size_t count)
{
    std::vector<std::int64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

/// A number for each response, prompt and the part of the response that `part` keeps packed into batches.
std::vector<double> overResponses(std::span<const TokenIds> prompts, std::span<const TokenIds> responses,
    const std::function<std::span<const TokenId>(std::span<const TokenId>)>& part,
    const std::function<at::Tensor(const PackedBatch&, std::span<const std::int64_t>)>& evaluate)
{
    const at::NoGradGuard noGrad;
    std::vector<double> result;
    const auto cost = [&](std::int64_t i) {
        return std::int64_t(prompts[std::size_t(i)].size() + responses[std::size_t(i)].size());
    };
    for (const auto& numbers : batchesByTokens(numbersUpTo(prompts.size()), cost, kInferenceTokens)) {
        PackedBatchBuilder builder;
        std::vector<std::int64_t> segments;
        for (const std::int64_t i : numbers)
            segments.push_back(builder.add(part(responses[std::size_t(i)]), builder.add(prompts[std::size_t(i)])));
        const at::Tensor all = evaluate(builder.build(), segments).to(at::kDouble).contiguous(); // (segments)
        const double* values = all.const_data_ptr<double>();
        result.insert(result.end(), values, values + numbers.size());
    }
    return result;
}

} // namespace

std::vector<PairScore> scorePairs(
    const Model& rewardModel, std::span<const TokenizedPair> pairs, const StageContext& context)
{
    const at::NoGradGuard noGrad;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const auto batches = batchesByTokens(
        numbersUpTo(pairs.size()), [&](std::int64_t i) { return tokensOf(pairs[std::size_t(i)]); }, kInferenceTokens);
    const auto count = std::int64_t(batches.size());
    std::vector<double> flat(2 * pairs.size()); // chosen and rejected of each pair
    std::size_t done = 0;
    for (std::int64_t round = 0; round < rounds(count, *context.ranks); ++round) {
        if (context.stopped())
            break;
        if (const std::int64_t own = dealt(round, count, *context.ranks); own >= 0) {
            const std::vector<std::int64_t>& numbers = batches[std::size_t(own)];
            const PairBatch batch = pairBatch(*rewardModel.trunk, pairs, numbers);
            const std::vector<std::int64_t> segments = batch.responses();
            const at::Tensor all = scores(rewardModel, batch.packed, segments).to(at::kDouble).contiguous();
            const double* values = all.const_data_ptr<double>();
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                flat[2 * std::size_t(numbers[i])] = values[i];
                flat[2 * std::size_t(numbers[i]) + 1] = values[numbers.size() + i];
            }
        }
        done = std::size_t(batches[std::size_t(std::min(count, (round + 1) * context.ranks->size()) - 1)].back()) + 1;
        if (context.progress)
            context.progress("Scoring pairs", double(done) / double(pairs.size()),
                fmt::format("{} of {}", grouped(std::int64_t(done)), grouped(std::int64_t(pairs.size()))));
    }
    context.ranks->sum(flat);
    std::vector<PairScore> result(pairs.size(), {nan, nan});
    for (std::size_t i = 0; i < done; ++i)
        result[i] = {flat[2 * i], flat[2 * i + 1]};
    return result;
}

std::vector<double> scoreResponses(
    const Model& rewardModel, std::span<const TokenIds> prompts, std::span<const TokenIds> responses)
{
    const auto scored = [&](std::span<const TokenId> response) {
        return response.first(std::size_t(scoredLength(rewardModel.config(), response)));
    };
    return overResponses(
        prompts, responses, scored, [&](const PackedBatch& batch, std::span<const std::int64_t> segments) {
            return scores(rewardModel, batch, segments);
        });
}

std::vector<double> responseSums(
    const Model& model, std::span<const TokenIds> prompts, std::span<const TokenIds> responses, double temperature)
{
    const auto whole = [](std::span<const TokenId> response) { return response; };
    return overResponses(
        prompts, responses, whole, [&](const PackedBatch& batch, std::span<const std::int64_t> segments) {
            return responseLogProbs(
                *model.trunk, batch, segments, {.temperature = temperature, .computeType = model.trunk->computeType})
                .summed();
        });
}

std::vector<std::int64_t> stopIds(const Model& model)
{
    std::vector<std::int64_t> ids = model.config().eosIds;
    if (model.config().eosId >= 0)
        ids.push_back(model.config().eosId);
    if (model.tokenizer && model.tokenizer->eos)
        ids.push_back(*model.tokenizer->eos);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

} // namespace mpo
