// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/local_judge.h"

#include "core/data/formats/dialogue.h"
#include "core/model/frozen_weights.h"
#include "core/support/file.h"

#include <algorithm>

namespace mpo {

LocalJudge::LocalJudge(const Workspace& workspace, const std::string& model)
    : m_workspace(workspace)
    , m_name(model)
    , m_model(workspace.model(model))
{
    if (m_model.isReward())
        fail("{}: a reward model cannot answer questions; let it judge by its scores (--reward-model)", model);
    if (!m_model.tokenizer)
        fail("{}: the model has no tokenizer.json, so it cannot be asked", model);
    prepareForInference(m_model, "auto");
}

ChatAnswer LocalJudge::complete(const Json& request) const
{
    std::vector<ChatMessage> turns;
    for (const Json& message : request.at("messages"))
        turns.push_back({message.at("role").get<std::string>(), message.at("content").get<std::string>()});
    PreferencePair row;
    setTurns(row, std::move(turns));
    const Dataset data {"the question", DatasetKind::Prompts, {row}};
    const TokenizedPairs tokenized = tokenizeFor(m_workspace, RowSource::of(data), m_model, 0, Truncation::CutEnd);
    if (tokenized.empty())
        fail("Judging was stopped");
    const TokenizedPair& question = *tokenized.begin();
    const TokenIds prompt(question.prompt.begin(), question.prompt.end());

    const std::int64_t room = m_model.config().maxPositions - std::int64_t(prompt.size());
    if (room < 1)
        throw ChatFailure(fmt::format("The question has {} tokens, but {} reads {} at most, the answer included",
            prompt.size(), m_name, m_model.config().maxPositions));
    GenerationOptions options;
    options.maxNewTokens = std::min(room, request.at("max_tokens").get<std::int64_t>());
    options.temperature = request.at("temperature").get<double>();
    options.greedy = options.temperature == 0.0;
    options.stopIds = stopIds(m_model);
    constexpr int kHex = 16, kDigits = 15;
    const auto seed = std::stoull(sha256(row.prompt).substr(0, kDigits), nullptr, kHex);
    const auto begin = std::chrono::steady_clock::now();
    const auto responses = generate(m_model, {prompt}, options, seed, m_workspace.stop());
    if (m_workspace.stopped())
        fail("Judging was stopped; what was answered is kept, and the same command goes on from it");
    ChatAnswer answer;
    answer.text = m_model.tokenizer->decode(responses.front().ids, Tokenizer::SpecialTokens::Skip);
    answer.promptTokens = std::int64_t(prompt.size());
    answer.answerTokens = std::int64_t(responses.front().ids.size());
    answer.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return answer;
}

} // namespace mpo
