// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/dialogue.h"
#include "core/engine/workspace.h"
#include "core/stage/pair_batch.h"
#include "core/support/error.h"

#include <algorithm>

namespace mpo {

namespace {

PreferencePair rowOf(const std::vector<ChatMessage>& dialogue, bool plain)
{
    PreferencePair row;
    if (plain && dialogue.size() == 1) {
        row.prompt = dialogue.front().content;
        return row;
    }
    setTurns(row, dialogue);
    return row;
}

/// As `mpo score` scores rows of two responses; an odd number has its last answer twice.
std::vector<double> scoresOf(
    const Workspace& workspace, const Model& reward, const PreferencePair& row, const std::vector<std::string>& answers)
{
    Dataset data {"the answers", DatasetKind::Pairs, {}};
    for (std::size_t i = 0; i < answers.size(); i += 2) {
        data.pairs.push_back(row);
        data.pairs.back().chosen = answers[i];
        data.pairs.back().rejected = answers[std::min(i + 1, answers.size() - 1)];
    }
    auto pairs = tokenizeFor(workspace, RowSource::of(data), reward, 0, Truncation::DropLong);
    if (pairs.size() != data.pairs.size())
        fail("An answer without a token cannot be scored; type something");
    trimForScoring(pairs, reward.config());
    const auto scored = scorePairs(reward, pairs, workspace.context(Settings(StageKind::Reward)));
    std::vector<double> scores;
    for (const PairScore& pair : scored) {
        scores.push_back(pair.chosen);
        scores.push_back(pair.rejected);
    }
    scores.resize(answers.size());
    return scores;
}

} // namespace

void chatCommand(const Workspace& workspace, const ChatTurn& command)
{
    if (command.sides.empty())
        fail("No model is named to talk with");
    std::vector<std::string> texts;
    for (std::size_t side = 0; side < command.sides.size(); ++side) {
        const ChatTurn::Side& asked = command.sides[side];
        if (asked.dialogue.empty() || asked.dialogue.back().role != "user")
            fail("The dialogue must end with a message of the user");
        workspace.progress("Loading " + asked.model, -1.0, {});
        const Model model = workspace.model(asked.model, asked.adapter);
        if (model.isReward())
            fail("{}: a reward model cannot write responses", asked.model);
        if (!model.tokenizer)
            fail("{}: the model has no tokenizer.json, so it cannot be talked with", asked.model);
        GenerationOptions options;
        options.maxNewTokens = command.maxNewTokens;
        options.temperature = command.temperature;
        options.topP = command.topP;
        options.greedy = command.greedy;
        options.stopIds = stopIds(model);
        const Dataset data {"the dialogue", DatasetKind::Prompts, {rowOf(asked.dialogue, false)}};
        const auto begin = std::chrono::steady_clock::now();
        workspace.progress(asked.model + " is writing", -1.0, {});
        const Sampled sampled = sampleFrom(workspace, model, data, options, command.seed);
        if (sampled.texts.empty())
            fail("{}: the dialogue has no token for this model", asked.model);
        const GeneratedResponse& response = sampled.responses.front();
        ChatAnswered answered;
        answered.side = side;
        answered.text = sampled.texts.front();
        answered.tokens = std::int64_t(response.ids.size());
        answered.finished = response.finished;
        answered.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        texts.push_back(answered.text);
        if (command.rewardModel.empty())
            workspace.send(answered);
        else {
            workspace.progress("Scoring the answer", -1.0, {});
            const Model reward = workspace.rewardModel(command.rewardModel);
            if (!answered.text.empty())
                answered.score = scoresOf(workspace, reward, rowOf(asked.dialogue, false), {answered.text}).front();
            workspace.send(answered);
        }
    }
}

void scoreAnswersCommand(const Workspace& workspace, const ScoreAnswers& command)
{
    if (command.answers.empty() || command.dialogue.empty())
        fail("A prompt and an answer are needed to score one");
    const Model reward = workspace.rewardModel(command.rewardModel, command.adapter);
    workspace.send(
        AnswersScored {scoresOf(workspace, reward, rowOf(command.dialogue, command.plain), command.answers)});
}

} // namespace mpo
