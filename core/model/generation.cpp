// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation.h"

#include "core/support/error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mpo {

namespace {

/// A row that is still being written.
struct OpenRow
{
    std::size_t number; ///< of its prompt
    RandomStream random;
};

at::Tensor logitsOf(const Model& model, const at::Tensor& hidden)
{
    const at::Tensor weight = model.trunk->outputWeight();
    if (model.trunk->computeType == ComputeType::BFloat16)
        return hidden.to(at::kBFloat16).matmul(weight.to(at::kBFloat16).t()).to(at::kFloat);
    return hidden.matmul(weight.t()); // (B, V)
}

/// -inf for what top-k and top-p exclude; the most probable token always stays.
at::Tensor restricted(at::Tensor logProbs, const GenerationOptions& options)
{
    const double excluded = -std::numeric_limits<double>::infinity();
    if (options.topK > 0 && options.topK < logProbs.size(-1)) {
        const at::Tensor least = std::get<0>(logProbs.topk(options.topK, -1)).narrow(-1, options.topK - 1, 1);
        logProbs = logProbs.masked_fill(logProbs < least, excluded);
    }
    if (options.topP < 1.0) {
        const auto [sorted, order] = logProbs.softmax(-1).sort(-1, /*descending=*/true);
        const at::Tensor before = sorted.cumsum(-1) - sorted; // probability of everything more likely
        const at::Tensor drop = at::zeros_like(before, at::kBool).scatter(-1, order, before >= options.topP);
        logProbs = logProbs.masked_fill(drop, excluded);
    }
    return logProbs;
}

/// Index by inverse transform of one uniform number over probabilities in float, summed in double.
std::int64_t draw(const float* logProbs, std::int64_t count, double uniform)
{
    double total = 0.0;
    for (std::int64_t i = 0; i < count; ++i)
        total += std::exp(double(logProbs[i]));
    double left = uniform * total;
    std::int64_t last = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const double p = std::exp(double(logProbs[i]));
        if (p <= 0.0)
            continue;
        last = i;
        left -= p;
        if (left < 0.0)
            return i;
    }
    return last;
}

} // namespace

std::vector<GeneratedResponse> generate(const Model& policy, const std::vector<TokenIds>& prompts, const GenerationOptions& options,
    std::uint64_t seed, std::stop_token stop, const std::function<void(std::int64_t)>& progress)
{
    const at::NoGradGuard noGrad;
    for (std::size_t i = 0; i < prompts.size(); ++i)
        if (prompts[i].empty())
            fail("Prompt {} is empty; a response needs at least one token to follow", i + 1);
    std::vector<GeneratedResponse> responses(prompts.size());
    std::int64_t finishedRows = 0;

    // Prompts of about the same length share a batch.
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return prompts[a].size() < prompts[b].size(); });

    const auto batchRows = std::size_t(std::max<std::int64_t>(1, options.batchRows));
    for (std::size_t first = 0; first < order.size() && !stop.stop_requested(); first += batchRows) {
        // 1. Prompts, each computed once.
        PackedBatchBuilder builder;
        std::vector<OpenRow> open;
        std::vector<std::int64_t> lengths, segments;
        for (std::size_t i = first; i < std::min(order.size(), first + batchRows); ++i) {
            segments.push_back(builder.add(prompts[order[i]]));
            lengths.push_back(std::int64_t(prompts[order[i]].size()));
            open.push_back({order[i], RandomStream(seed, fmt::format("row {}", order[i]))});
        }
        const PackedBatch batch = builder.build();
        KvCache cache = policy.trunk->makeCache();
        cache.addRows(lengths, options.maxNewTokens);
        at::Tensor hidden = policy.trunk->prefill(batch, cache).index_select(0, lastRows(batch, segments)); // (B, D)

        // 2. One token for every open row at a time.
        for (std::int64_t t = 0; t < options.maxNewTokens && !open.empty() && !stop.stop_requested(); ++t) {
            const at::Tensor logits = logitsOf(policy, hidden);
            const at::Tensor logProbs = (options.greedy || options.temperature == 1.0 ? logits : logits / options.temperature).log_softmax(-1);
            std::vector<std::int64_t> chosen(open.size());
            if (options.greedy) {
                const at::Tensor best = logits.argmax(-1);
                std::copy_n(best.const_data_ptr<std::int64_t>(), open.size(), chosen.begin());
            } else {
                const at::Tensor allowed = restricted(logProbs, options).contiguous();
                const std::int64_t V = allowed.size(1);
                for (std::size_t row = 0; row < open.size(); ++row)
                    chosen[row] = draw(allowed.const_data_ptr<float>() + std::int64_t(row) * V, V, open[row].random.uniform());
            }
            const at::Tensor tokens = at::tensor(chosen, at::kLong);
            const at::Tensor taken = logProbs.gather(1, tokens.unsqueeze(1)).squeeze(1).contiguous();

            std::vector<std::int64_t> stay;
            for (std::size_t row = 0; row < open.size(); ++row) {
                GeneratedResponse& response = responses[open[row].number];
                response.ids.push_back(TokenId(chosen[row]));
                response.logProbs.push_back(taken.const_data_ptr<float>()[row]);
                response.finished = std::find(options.stopIds.begin(), options.stopIds.end(), chosen[row]) != options.stopIds.end();
                if (response.finished || t + 1 == options.maxNewTokens)
                    ++finishedRows;
                else
                    stay.push_back(std::int64_t(row));
            }
            if (progress && stay.size() < open.size())
                progress(finishedRows);
            if (stay.empty())
                break;

            // 3. Finished rows leave the batch.
            at::Tensor next = tokens;
            if (stay.size() < open.size()) {
                cache.keepRows(stay);
                next = tokens.index_select(0, at::tensor(stay, at::kLong));
                std::vector<OpenRow> left;
                for (const std::int64_t row : stay)
                    left.push_back(std::move(open[std::size_t(row)]));
                open = std::move(left);
            }
            hidden = policy.trunk->decode(next, cache);
        }
    }
    return responses;
}

} // namespace mpo
