// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/dialogue.h"
#include "core/engine/response_scores.h"
#include "core/support/error.h"

#include <chrono>
#include <string_view>

namespace mpo {

namespace {

constexpr auto kBetweenTexts = std::chrono::milliseconds(60); ///< a window draws no more often

/// Without the mark of a character at its end whose bytes are not all there yet.
std::string wholeText(std::string text)
{
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    while (text.ends_with(kReplacement))
        text.resize(text.size() - kReplacement.size());
    return text;
}

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

} // namespace

void chatCommand(const Workspace& workspace, const ChatTurn& command)
{
    if (command.sides.empty())
        fail("No model is named to talk with");
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
        TokenIds written;
        const auto textSoFar
            = [&] { return wholeText(model.tokenizer->decode(written, Tokenizer::SpecialTokens::Skip)); };
        options.onToken = [&, told = begin - kBetweenTexts](std::size_t, std::span<const TokenId> ids) mutable {
            written.assign(ids.begin(), ids.end());
            const auto now = std::chrono::steady_clock::now();
            if (now - told < kBetweenTexts)
                return;
            told = now;
            workspace.send(ChatWriting {side, textSoFar()});
        };
        ChatAnswered answered;
        answered.side = side;
        const auto seconds
            = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
        try {
            const Sampled sampled = sampleFrom(workspace, model, data, options, command.seed);
            if (sampled.texts.empty())
                fail("{}: the dialogue has no token for this model", asked.model);
            answered.text = sampled.texts.front();
            answered.tokens = std::int64_t(sampled.responses.front().ids.size());
            answered.finished = sampled.responses.front().finished;
        } catch (const Error&) {
            if (!workspace.stop().stop_requested() || written.empty())
                throw;
            // What is written stays; nobody waits for its score or for the other side.
            answered.text = textSoFar();
            answered.tokens = std::int64_t(written.size());
            answered.seconds = seconds();
            workspace.send(answered);
            return;
        }
        answered.seconds = seconds();
        if (command.rewardModel.empty())
            workspace.send(answered);
        else {
            workspace.progress("Scoring the answer", -1.0, {});
            const Model reward = workspace.rewardModel(command.rewardModel);
            if (!answered.text.empty())
                answered.score
                    = scoresOfAnswers(workspace, reward, {rowOf(asked.dialogue, false)}, {answered.text}).front();
            workspace.send(answered);
        }
    }
}

void scoreAnswersCommand(const Workspace& workspace, const ScoreAnswers& command)
{
    if (command.answers.empty() || command.dialogue.empty())
        fail("A prompt and an answer are needed to score one");
    const Model reward = workspace.rewardModel(command.rewardModel, command.adapter);
    const std::vector<PreferencePair> rows(command.answers.size(), rowOf(command.dialogue, command.plain));
    workspace.send(AnswersScored {scoresOfAnswers(workspace, reward, rows, command.answers)});
}

} // namespace mpo
