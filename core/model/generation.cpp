// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation.h"

#include "core/model/blocks/linear.h"
#include "core/support/error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mpo {

namespace {

/// A row that is still being written.
struct OpenRow
{
    std::size_t number; ///< of its prompt
    RandomStream random;
};

/// Most-probable-first candidates of each row. (B, C)
struct Candidates
{
    at::Tensor logProbs; ///< falling; -inf: excluded. Undefined ids: every token, in the order of the vocabulary
    at::Tensor ids;
};

/// As transformers: first the k most probable, then of those the fewest that reach the probability p together.
Candidates candidates(const at::Tensor& logProbs, const GenerationOptions& options)
{
    const std::int64_t V = logProbs.size(-1);
    const bool byCount = options.topK > 0 && options.topK < V, byMass = options.topP < 1.0;
    if (!byCount && !byMass)
        return {logProbs, {}};
    // Sorting a whole vocabulary is slow, and the few that top-p keeps are mostly among the first.
    constexpr std::int64_t kFirst = 512;
    std::int64_t count = std::min(V, byCount ? options.topK : kFirst);
    auto [values, ids] = logProbs.topk(count);
    if (!byCount && count < V && values.exp().sum(-1).min().item<double>() < options.topP)
        std::tie(values, ids) = logProbs.sort(-1, /*descending=*/true);
    if (byMass) {
        const at::Tensor p = byCount ? values.softmax(-1) : values.exp();
        values = values.masked_fill(p.cumsum(-1) - p >= options.topP, -std::numeric_limits<double>::infinity());
    }
    return {values, ids};
}

/// One token a row: where the cumulated probability passes the row's uniform number. (B)
at::Tensor draw(const Candidates& from, std::vector<OpenRow>& rows)
{
    const at::Tensor sums = from.logProbs.exp().cumsum(-1); // (B, C); ATen sums floats in double
    std::vector<float> uniform;
    for (OpenRow& row : rows)
        uniform.push_back(float(row.random.next() >> 40) * 0x1p-24f); // 24 bits: never rounds up to 1
    const at::Tensor level = at::tensor(uniform).unsqueeze(1) * sums.narrow(1, sums.size(1) - 1, 1);
    // Where the probabilities are not numbers none is passed; the log-prob that is recorded says so.
    const at::Tensor index
        = at::searchsorted(sums, level, /*out_int32=*/false, /*right=*/true).clamp_max_(sums.size(1) - 1);
    return (from.ids.defined() ? from.ids.gather(1, index) : index).squeeze(1);
}

class PackedForDecoding
{
public:
    explicit PackedForDecoding(const CausalLm& trunk)
        : m_trunk(trunk)
    {
        m_trunk.packForDecoding();
    }
    ~PackedForDecoding() { m_trunk.unpack(); }
    PackedForDecoding(const PackedForDecoding&) = delete;
    PackedForDecoding& operator=(const PackedForDecoding&) = delete;

private:
    const CausalLm& m_trunk;
};

/// The rows that stay, those behind the new end filling the gaps of those that leave, so that few rows of the cache
/// move.
std::vector<std::int64_t> closedUp(const std::vector<bool>& leaves)
{
    const auto staying = std::size_t(std::count(leaves.begin(), leaves.end(), false));
    std::vector<std::int64_t> rows;
    std::size_t spare = staying;
    for (std::size_t row = 0; row < staying; ++row) {
        if (!leaves[row]) {
            rows.push_back(std::int64_t(row));
            continue;
        }
        while (leaves[spare])
            ++spare;
        rows.push_back(std::int64_t(spare++));
    }
    return rows;
}

/// Keys and values of the open rows, prompt and response so far, and the hidden state behind the last token of each.
/// (B, D)
std::pair<KvCache, at::Tensor> prefilled(const CausalLm& trunk, const std::vector<OpenRow>& open,
    const std::vector<TokenIds>& prompts, const std::vector<GeneratedResponse>& responses, std::int64_t reserve)
{
    PackedBatchBuilder builder;
    std::vector<std::int64_t> lengths, segments;
    for (const OpenRow& row : open) {
        TokenIds ids = prompts[row.number];
        ids.insert(ids.end(), responses[row.number].ids.begin(), responses[row.number].ids.end());
        segments.push_back(builder.add(ids));
        lengths.push_back(std::int64_t(ids.size()));
    }
    const PackedBatch batch = builder.build();
    KvCache cache = trunk.makeCache();
    cache.addRows(lengths, reserve);
    const at::Tensor hidden = trunk.prefill(batch, cache).index_select(0, lastRows(batch, segments));
    return {std::move(cache), hidden};
}

} // namespace

std::vector<GeneratedResponse> generate(const Model& policy, const std::vector<TokenIds>& prompts,
    const GenerationOptions& options, std::uint64_t seed, std::stop_token stop,
    const std::function<void(std::int64_t)>& progress)
{
    const at::NoGradGuard noGrad;
    for (std::size_t i = 0; i < prompts.size(); ++i)
        if (prompts[i].empty())
            fail("Prompt {} is empty; a response needs at least one token to follow", i + 1);
    std::vector<GeneratedResponse> responses(prompts.size());
    std::int64_t finishedRows = 0;
    const PackedForDecoding packed(*policy.trunk);
    Linear output;
    output.weight = policy.trunk->outputWeight();
    output.pack(policy.trunk->computeType);
    const double softCap = policy.trunk->outputSoftCap();

    // Prompts of about the same length share a batch.
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return prompts[a].size() < prompts[b].size(); });

    const auto batchRows = std::size_t(std::max<std::int64_t>(1, options.batchRows));
    for (std::size_t first = 0; first < order.size() && !stop.stop_requested(); first += batchRows) {
        // 1. Prompts, each computed once.
        std::vector<OpenRow> open;
        for (std::size_t i = first; i < std::min(order.size(), first + batchRows); ++i)
            open.push_back(
                {order[i], RandomStream(seed, fmt::format("row {}", options.firstRow + std::int64_t(order[i])))});
        const auto reserve = std::min<std::int64_t>(options.maxNewTokens, 256); // grows when needed
        auto [cache, hidden] = prefilled(*policy.trunk, open, prompts, responses, reserve);

        // 2. One token for every open row at a time.
        for (std::int64_t t = 0; t < options.maxNewTokens && !open.empty() && !stop.stop_requested(); ++t) {
            at::Tensor logits = output(hidden, policy.trunk->computeType).to(at::kFloat); // (B, V)
            if (softCap > 0.0)
                logits = (logits / softCap).tanh_().mul_(softCap);
            const bool tempered = !options.greedy && options.temperature != 1.0;
            const at::Tensor logProbs = (tempered ? logits / options.temperature : logits).log_softmax(-1);
            const at::Tensor tokens = options.greedy ? logits.argmax(-1) : draw(candidates(logProbs, options), open);
            const at::Tensor taken = logProbs.gather(1, tokens.unsqueeze(1)).squeeze(1).contiguous();

            std::vector<bool> leaves(open.size());
            for (std::size_t row = 0; row < open.size(); ++row) {
                const std::int64_t id = tokens.const_data_ptr<std::int64_t>()[row];
                GeneratedResponse& response = responses[open[row].number];
                response.ids.push_back(TokenId(id));
                response.logProbs.push_back(taken.const_data_ptr<float>()[row]);
                if (options.onToken)
                    options.onToken(open[row].number, response.ids);
                response.finished
                    = std::find(options.stopIds.begin(), options.stopIds.end(), id) != options.stopIds.end();
                leaves[row] = response.finished || t + 1 == options.maxNewTokens;
                finishedRows += leaves[row];
            }
            const std::vector<std::int64_t> stay = closedUp(leaves);
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
            const bool outgrown = std::any_of(cache.lengths().begin(), cache.lengths().end(),
                [&](std::int64_t length) { return policy.trunk->outgrowsCache(length + 1); });
            if (outgrown)
                std::tie(cache, hidden) = prefilled(*policy.trunk, open, prompts, responses, reserve);
            else
                hidden = policy.trunk->decode(next, cache);
        }
    }
    return responses;
}

} // namespace mpo
