// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

// Talking with models, and the reward of what is typed: commands (command.h) and what comes of them (event.h).

/// Each model goes on with its dialogue.
struct ChatTurn
{
    struct Side
    {
        std::string model, adapter; ///< adapter: a LoRA on the model; empty: none
        std::vector<ChatMessage> dialogue; ///< ends with a message of the user
    };
    std::vector<Side> sides; ///< one, or two that answer after each other
    std::string rewardModel; ///< scores the answers; empty: none
    std::int64_t maxNewTokens = 256;
    double temperature = 0.7, topP = 0.95;
    bool greedy = false;
    std::uint64_t seed = 42;
};

/// What a side has written so far: at most some times a second. It ends with a whole character.
struct ChatWriting
{
    std::size_t side = 0;
    std::string text; ///< all of it, from its beginning
};

/// One side has answered.
struct ChatAnswered
{
    std::size_t side = 0;
    std::string text;
    std::int64_t tokens = 0;
    bool finished = false; ///< it ended by itself, not by length or because it was stopped
    double seconds = 0.0; ///< of writing, without loading
    std::optional<double> score; ///< of the reward model
};

/// What a reward model says of answers to a prompt.
struct ScoreAnswers
{
    std::string rewardModel, adapter; ///< adapter: a LoRA on it; empty: none
    /// As messages where the reward model has a chat template; else, and for a single message of the user, plain text.
    std::vector<ChatMessage> dialogue;
    bool plain = false; ///< the only message is taken as it is, without template, as rows of plain text are
    std::vector<std::string> answers;
};

struct AnswersScored
{
    std::vector<double> scores; ///< one for each answer
};

} // namespace mpo
