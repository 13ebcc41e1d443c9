// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/ppo_rollout.h"

#include "core/loss/log_probs.h"
#include "core/stage/ppo_exchange.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mpo {

namespace {

/// Calls use(episode, number) for each response token in order.
void spread(const at::Tensor& flat, std::vector<Episode>& episodes, std::span<const std::int64_t> numbers,
    const std::function<void(Episode&, double)>& use)
{
    const at::Tensor values = flat.detach().to(at::kCPU, at::kDouble).contiguous();
    const double* next = values.const_data_ptr<double>();
    for (const std::int64_t number : numbers)
        for (std::size_t t = 0; t < episodes[std::size_t(number)].response.size(); ++t)
            use(episodes[std::size_t(number)], *next++);
}

// Tensor files hold whole numbers of 64 bits; a double goes in as its bits.
at::Tensor bitsOf(const std::vector<double>& values) { return at::tensor(values, at::kDouble).view(at::kLong); }

at::Tensor wholeNumbers(const std::vector<std::int64_t>& values) { return at::tensor(values, at::kLong); }

std::vector<std::int64_t> wholeNumbersFrom(const std::map<std::string, at::Tensor>& tensors, const std::string& name)
{
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.scalar_type() != at::kLong)
        fail("The checkpoint holds no {}; start again with --restart", name);
    const at::Tensor flat = found->second.contiguous();
    const auto* data = flat.const_data_ptr<std::int64_t>();
    return {data, data + flat.numel()};
}

std::vector<double> doublesFrom(const std::map<std::string, at::Tensor>& tensors, const std::string& name)
{
    std::vector<double> values;
    for (const std::int64_t bits : wholeNumbersFrom(tensors, name))
        values.push_back(std::bit_cast<double>(bits));
    return values;
}

/// The lists of a rollout in one order, for both directions.
constexpr std::array<std::string_view, 4> kTokenLists {"log_probs", "reference_log_probs", "values", "sft_log_probs"};
template<class E>
auto& tokenList(E& episode, std::size_t which)
{
    switch (which) {
    case 0:
        return episode.terms.logProbs;
    case 1:
        return episode.terms.referenceLogProbs;
    case 2:
        return episode.terms.values;
    default:
        return episode.sftLogProbs;
    }
}

/// Scores of the responses as the reward model was trained to see them. One for each episode.
std::vector<double> rawScores(
    const Model& reward, std::span<const Episode> episodes, std::span<const std::int64_t> numbers)
{
    std::vector<TokenIds> prompts, responses;
    for (const std::int64_t number : numbers) {
        prompts.push_back(episodes[std::size_t(number)].prompt);
        responses.push_back(episodes[std::size_t(number)].response);
    }
    return scoreResponses(reward, prompts, responses);
}

} // namespace

std::vector<std::int64_t> promptsOfRollout(std::int64_t rollout, const PromptOrder& order)
{
    std::vector<std::int64_t> numbers, epochOrder(std::size_t(order.prompts));
    std::int64_t orderOf = -1;
    for (std::int64_t i = 0; i < order.rolloutSize; ++i) {
        const std::int64_t position = (rollout * order.rolloutSize + i) / order.group, epoch = position / order.prompts;
        if (epoch != orderOf) {
            std::iota(epochOrder.begin(), epochOrder.end(), 0);
            if (order.shuffle)
                RandomStream(order.seed, fmt::format("prompts of epoch {}", epoch)).shuffle(epochOrder);
            orderOf = epoch;
        }
        numbers.push_back(epochOrder[std::size_t(position % order.prompts)]);
    }
    return numbers;
}

EpisodeBatch layOut(std::span<const Episode> episodes, std::span<const std::int64_t> numbers)
{
    PackedBatchBuilder builder;
    EpisodeBatch batch;
    for (const std::int64_t number : numbers) {
        const Episode& episode = episodes[std::size_t(number)];
        batch.responses.push_back(builder.add(episode.response, builder.add(episode.prompt)));
    }
    batch.packed = builder.build();
    return batch;
}

at::Tensor valuesOf(
    const Model& value, const PackedBatch& batch, std::span<const std::int64_t> responses, bool trunkToo)
{
    const ResponseRows rows = responseRows(batch, responses);
    at::Tensor hidden;
    {
        const at::AutoGradMode gradient(trunkToo && at::GradMode::is_enabled());
        hidden = value.trunk->hidden(batch).index_select(0, rows.rows); // (R, D)
    }
    return hidden.mv(value.head.squeeze(0));
}

Model valueHeadOn(const Model& policy)
{
    Model value;
    value.trunk = policy.trunk->sharedCopy();
    value.head = at::zeros({1, policy.config().hidden}, at::kFloat).set_requires_grad(true);
    return value;
}

bool sharesTrunk(const PpoModels& models)
{
    const NamedTensors own = models.value.trunk->parameters(false), policy = models.policy.trunk->parameters(false);
    return !models.value.adapter && !own.empty() && own.front().second.is_same(policy.front().second);
}

PolicyAndValues policyAndValues(const PpoModels& models, const EpisodeBatch& batch, const LogProbOptions& options)
{
    const CausalLm& trunk = *models.policy.trunk;
    const at::Tensor hidden = trunk.hidden(batch.packed);
    const ResponseRows rows = responseRows(batch.packed, batch.responses);
    PolicyAndValues both;
    both.policy = responseLogProbs(trunk, hidden, batch.packed, batch.responses, options);
    both.values = hidden.index_select(0, rows.rows).mv(models.value.head.squeeze(0));
    return both;
}

bool recordTerms(std::vector<Episode>& episodes, const PpoModels& models, const RecordOptions& options,
    Communicator& ranks, const std::function<bool()>& stopped)
{
    const at::NoGradGuard noGrad;
    std::vector<std::int64_t> all(episodes.size());
    std::iota(all.begin(), all.end(), 0);
    const LogProbOptions logProbOptions {.temperature = options.temperature, .computeType = options.computeType};
    const auto logProbs = [&](const Model& model, const EpisodeBatch& batch) {
        return responseLogProbs(*model.trunk, batch.packed, batch.responses, logProbOptions).tokens.logProbs;
    };
    const bool shared = sharesTrunk(models);
    const std::int64_t microBatches = (std::int64_t(all.size()) + options.microBatch - 1) / options.microBatch;
    std::vector<bool> own(episodes.size());
    for (std::int64_t round = 0; round < rounds(microBatches, ranks); ++round) {
        if (stopped())
            return false;
        const std::int64_t microBatch = dealt(round, microBatches, ranks);
        if (microBatch < 0)
            continue;
        const auto from = std::size_t(microBatch * options.microBatch);
        const auto numbers = std::span<const std::int64_t>(all).subspan(
            from, std::min(std::size_t(options.microBatch), all.size() - from));
        for (const std::int64_t number : numbers)
            own[std::size_t(number)] = true;
        const EpisodeBatch batch = layOut(episodes, numbers);
        spread(logProbs(models.reference, batch), episodes, numbers,
            [](Episode& e, double x) { e.terms.referenceLogProbs.push_back(x); });
        if (models.sft)
            spread(logProbs(*models.sft, batch), episodes, numbers,
                [](Episode& e, double x) { e.sftLogProbs.push_back(x); });
        const bool anew = options.computeType == ComputeType::BFloat16;
        PolicyAndValues pass;
        if (anew && shared && options.values)
            pass = policyAndValues(models, batch, logProbOptions);
        if (anew) {
            for (const std::int64_t number : numbers)
                episodes[std::size_t(number)].terms.logProbs.clear();
            spread(pass.values.defined() ? pass.policy.tokens.logProbs : logProbs(models.policy, batch), episodes,
                numbers, [](Episode& e, double x) { e.terms.logProbs.push_back(x); });
        }
        if (options.values)
            spread(pass.values.defined() ? pass.values : valuesOf(models.value, batch.packed, batch.responses),
                episodes, numbers, [](Episode& e, double x) { e.terms.values.push_back(x); });
        else
            for (const std::int64_t number : numbers)
                episodes[std::size_t(number)].terms.values.assign(episodes[std::size_t(number)].response.size(), 0.0);
        const std::vector<double> raw = rawScores(models.rewardModel, episodes, numbers);
        for (std::size_t i = 0; i < numbers.size(); ++i)
            episodes[std::size_t(numbers[i])].rawScore = raw[i];
    }
    exchangeTerms(episodes, own, models.sft != nullptr, ranks);
    return true;
}

void storeRollout(const std::vector<Episode>& episodes, const std::string& prefix, NamedTensors& tensors)
{
    std::vector<std::int64_t> promptIds, promptLengths, responseIds, responseLengths, finished;
    std::vector<double> scores, rawScores;
    for (const Episode& episode : episodes) {
        promptIds.insert(promptIds.end(), episode.prompt.begin(), episode.prompt.end());
        promptLengths.push_back(std::int64_t(episode.prompt.size()));
        responseIds.insert(responseIds.end(), episode.response.begin(), episode.response.end());
        responseLengths.push_back(std::int64_t(episode.response.size()));
        finished.push_back(episode.finished ? 1 : 0);
        scores.push_back(episode.terms.score);
        rawScores.push_back(episode.rawScore);
    }
    const auto add = [&](std::string_view name, at::Tensor tensor) {
        tensors.emplace_back(prefix + std::string(name), std::move(tensor));
    };
    add("prompt_ids", wholeNumbers(promptIds));
    add("prompt_lengths", wholeNumbers(promptLengths));
    add("response_ids", wholeNumbers(responseIds));
    add("response_lengths", wholeNumbers(responseLengths));
    add("finished", wholeNumbers(finished));
    add("scores", bitsOf(scores));
    add("raw_scores", bitsOf(rawScores));
    for (std::size_t which = 0; which < kTokenLists.size(); ++which) {
        std::vector<double> flat;
        for (const Episode& episode : episodes) {
            const auto& list = tokenList(episode, which);
            flat.insert(flat.end(), list.begin(), list.end());
        }
        add(kTokenLists[which], bitsOf(flat));
    }
}

std::vector<Episode> restoreRollout(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix)
{
    const auto whole = [&](std::string_view name) { return wholeNumbersFrom(tensors, prefix + std::string(name)); };
    const auto real = [&](std::string_view name) { return doublesFrom(tensors, prefix + std::string(name)); };
    const auto promptIds = whole("prompt_ids"), promptLengths = whole("prompt_lengths"),
               responseIds = whole("response_ids"), responseLengths = whole("response_lengths"),
               finished = whole("finished");
    const auto scores = real("scores"), rawScores = real("raw_scores");
    const std::size_t count = promptLengths.size();
    const auto sum = [](const std::vector<std::int64_t>& lengths) {
        return std::accumulate(lengths.begin(), lengths.end(), std::int64_t(0));
    };
    bool fits = responseLengths.size() == count && finished.size() == count && scores.size() == count
        && rawScores.size() == count && sum(promptLengths) == std::int64_t(promptIds.size())
        && sum(responseLengths) == std::int64_t(responseIds.size());
    std::array<std::vector<double>, kTokenLists.size()> lists;
    for (std::size_t which = 0; which < lists.size(); ++which) {
        lists[which] = real(kTokenLists[which]);
        fits = fits && (lists[which].size() == responseIds.size() || (which == 3 && lists[which].empty()));
    }
    if (!fits)
        fail("The rollout in the checkpoint does not fit together; start again with --restart");

    std::vector<Episode> episodes(count);
    auto prompt = promptIds.begin(), response = responseIds.begin();
    std::size_t token = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Episode& episode = episodes[i];
        episode.prompt.assign(prompt, prompt + promptLengths[i]);
        episode.response.assign(response, response + responseLengths[i]);
        prompt += promptLengths[i];
        response += responseLengths[i];
        episode.finished = finished[i] != 0;
        episode.terms.score = scores[i];
        episode.rawScore = rawScores[i];
        for (std::size_t which = 0; which < lists.size(); ++which)
            if (!lists[which].empty())
                tokenList(episode, which)
                    .assign(lists[which].begin() + std::ptrdiff_t(token),
                        lists[which].begin() + std::ptrdiff_t(token + episode.response.size()));
        token += episode.response.size();
    }
    return episodes;
}

void RunningScale::add(double x)
{
    count += 1.0;
    const double delta = x - mean;
    mean += delta / count;
    m2 += delta * (x - mean);
}

double RunningScale::normalised(double x) const
{
    const double deviation = count > 1.0 ? std::sqrt(m2 / (count - 1.0)) : 1.0;
    return (x - mean) / std::max(deviation, 1e-6);
}

} // namespace mpo
