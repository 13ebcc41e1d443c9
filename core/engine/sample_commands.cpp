// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/model/frozen_weights.h"
#include "core/stage/pair_batch.h"
#include "core/support/error.h"

namespace mpo {

Sampled sampleFrom(const Workspace& workspace, const Model& model, const Dataset& data,
    const GenerationOptions& options, std::uint64_t seed)
{
    Sampled sampled;
    Dataset prompts = data;
    prompts.kind = DatasetKind::Prompts;
    const TokenizedPairs tokenized = tokenizeFor(workspace, RowSource::of(prompts), model, 0, Truncation::CutEnd);
    for (const TokenizedPair& pair : tokenized) {
        sampled.prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
        const PreferencePair& row = data.pairs[std::size_t(pair.index)];
        sampled.promptTexts.push_back(
            row.hasIds() && model.tokenizer ? model.tokenizer->decode(sampled.prompts.back()) : row.prompt);
    }
    const auto total = sampled.prompts.size();
    sampled.responses = generate(model, sampled.prompts, options, seed, workspace.stop(), [&](std::int64_t done) {
        workspace.stopped(); // the pause gate
        workspace.progress("Sampling responses", double(done) / double(total), fmt::format("{} of {}", done, total));
    });
    if (workspace.stopped())
        fail("Sampling was stopped");
    for (const GeneratedResponse& response : sampled.responses)
        sampled.texts.push_back(
            model.tokenizer ? model.tokenizer->decode(response.ids, Tokenizer::SpecialTokens::Skip) : std::string());
    return sampled;
}

void sampleCommand(const Workspace& workspace, const SampleResponses& command)
{
    const Dataset data = workspace.data(command.data, command.limit);
    const Model model = workspace.model(command.model, command.adapter);
    if (model.isReward())
        fail("{}: a reward model cannot write responses", command.model);
    prepareForInference(model, command.dtype);
    GenerationOptions options;
    options.maxNewTokens = command.maxNewTokens;
    options.temperature = command.temperature;
    options.topK = command.topK;
    options.topP = command.topP;
    options.greedy = command.greedy;
    options.stopIds = stopIds(model);
    const Sampled sampled = sampleFrom(workspace, model, data, options, command.seed);

    auto responses = std::make_shared<std::vector<Response>>();
    for (std::size_t i = 0; i < sampled.responses.size(); ++i)
        responses->push_back(
            {sampled.responses[i].ids, sampled.texts[i], sampled.promptTexts[i], sampled.responses[i].finished, {}});
    if (!command.rewardModel.empty()) {
        const Model reward = workspace.rewardModel(command.rewardModel);
        std::vector<TokenIds> ids;
        for (const GeneratedResponse& response : sampled.responses)
            ids.push_back(response.ids);
        const auto values = scoreResponses(reward, sampled.prompts, ids);
        for (std::size_t i = 0; i < values.size(); ++i)
            (*responses)[i].score = values[i];
    }
    workspace.send(ResponsesSampled {responses});
}

void logProbsCommand(const Workspace& workspace, const ComputeLogProbs& command)
{
    const Dataset data = workspace.data(command.data);
    const Model model = workspace.model(command.model, command.adapter);
    if (model.isReward())
        fail("{}: a reward model has no log-probs", command.model);
    if (data.kind == DatasetKind::Prompts)
        fail("{}: the rows hold prompts only; log-probs need responses", command.data);
    prepareForInference(model, command.dtype);
    auto rows = std::make_shared<std::vector<PairLogProb>>(data.pairs.size());
    const auto pairs = tokenizeFor(workspace, RowSource::of(data), model, 0, Truncation::CutEnd);
    const PairSums sums = pairSums(model, pairs, [&](const PairSums& soFar) {
        const std::size_t done = soFar.chosen.size();
        workspace.progress(
            "Log-probs", double(done) / double(pairs.size()), fmt::format("{} of {}", done, pairs.size()));
        return !workspace.stopped();
    });
    for (std::size_t i = 0; i < sums.chosen.size(); ++i)
        (*rows)[std::size_t(pairs[i].index)] = {sums.chosen[i], sums.rejected[i], sums.chosenTokens[i],
            sums.rejectedTokens[i], std::int64_t(pairs[i].prompt.size())};
    workspace.send(LogProbsComputed {rows});
}

} // namespace mpo
