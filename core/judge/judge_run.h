// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/judge/chat_endpoint.h"
#include "core/judge/judge_prompt.h"
#include "core/judge/judge_transcript.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

/// Two responses that a judge compares.
struct JudgeItem
{
    std::int64_t number = 0;
    std::string prompt, responseA, responseB;
    bool aFirst = true; ///< which stands first where only one order is asked
};

struct JudgeRunOptions
{
    std::string model; ///< as the endpoint calls it
    JudgeTemplate judge;
    std::vector<std::string> criteria {}; ///< voted on beside the verdict
    bool bothOrders = true;
    double temperature = 0.0;
    std::int64_t maxTokens = 1024; ///< of an answer
    Json extra = Json::object(); ///< fields of the request over those above; null takes one away
    double promptPrice = 0.0, answerPrice = 0.0; ///< of a million tokens
    double maxCost = 0.0; ///< over all runs of the transcript; 0: no limit
    std::int64_t maxCalls = 0; ///< in this run; 0: no limit
    int mostFailures = 5; ///< in a row, before the run ends
};

/// For source A, what one item comes to: 1 won, 0 tie, -1 lost. Two orders that do not agree are a tie. Nothing: an
/// order has no clear verdict, or was not asked yet (`isWhole` false).
struct JudgedItem
{
    std::int64_t number = 0;
    bool isWhole = false;
    std::optional<int> outcome;
    std::map<std::string, int> votes {}; ///< the same by criterion, where every order has a clear vote
};
JudgedItem judgedItem(
    const JudgeItem& item, bool bothOrders, const std::map<std::pair<std::int64_t, int>, JudgeCall>& answered);

struct JudgeRunResult
{
    std::int64_t calls = 0; ///< answered in this run
    std::int64_t failed = 0; ///< questions without an answer; another run asks them again
    std::string stopReason; ///< empty: every item was asked; else one sentence
    std::string lastFailure; ///< why the last question without an answer has none
    bool isLimit = false; ///< a limit that the user set ended it, which is no failure
};

/// Whoever answers a request for a chat completion. May throw ChatFailure, after which others are asked, or Error.
using AnswerChat = std::function<ChatAnswer(const Json& request)>;

/// Asks about every item in every order that the transcript does not hold yet. `judged` is told of each item when it is
/// whole, also of those that the transcript had. `progress`: share done and a word on it. What is in the transcript is
/// paid for once. Throws Error where no further call can go well; what was answered is kept.
JudgeRunResult judgeItems(const std::vector<JudgeItem>& items, const JudgeRunOptions& options,
    const AnswerChat& complete, JudgeTranscript& transcript, const std::function<void(const JudgedItem&)>& judged,
    const std::function<void(double share, const std::string& detail)>& progress);

/// What makes the answers of one transcript comparable: another value of one of these is another judge. `baseUrl`:
/// where it is asked.
Json judgeSettings(const JudgeRunOptions& options, const std::string& baseUrl);

} // namespace mpo
