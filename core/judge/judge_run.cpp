// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/judge/judge_run.h"

#include "core/support/file.h"

#include <fmt/format.h>

#include <ctime>

namespace mpo {

namespace {

constexpr double kBytesPerToken = 3.0; ///< for estimates: rather too many tokens than too few

std::string now()
{
    const std::time_t seconds = std::time(nullptr);
    std::tm parts {};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::int64_t estimatedTokens(const std::string& text) { return std::int64_t(double(text.size()) / kBytesPerToken) + 1; }

double costOf(const JudgeRunOptions& options, std::int64_t promptTokens, std::int64_t answerTokens)
{
    return 1e-6 * (options.promptPrice * double(promptTokens) + options.answerPrice * double(answerTokens));
}

Json requestOf(const JudgeRunOptions& options, const std::string& question)
{
    Json request {{"model", options.model}, {"messages", {{{"role", "user"}, {"content", question}}}},
        {"temperature", options.temperature}, {"max_tokens", options.maxTokens}};
    for (const auto& [key, value] : options.extra.items()) {
        if (value.is_null())
            request.erase(key);
        else
            request[key] = value;
    }
    return request;
}

/// For source A.
int outcomeOf(JudgeChoice choice, int order)
{
    if (choice == JudgeChoice::Tie)
        return 0;
    return (choice == JudgeChoice::First) == (order == 0) ? 1 : -1;
}

std::vector<int> ordersOf(const JudgeItem& item, bool bothOrders)
{
    return bothOrders ? std::vector {0, 1} : std::vector {item.aFirst ? 0 : 1};
}

} // namespace

Json judgeSettings(const JudgeRunOptions& options, const std::string& baseUrl)
{
    Json settings {{"base_url", baseUrl}, {"model", options.model}, {"template", sha256(options.judge.text)},
        {"both_orders", options.bothOrders}, {"temperature", options.temperature}, {"max_tokens", options.maxTokens},
        {"extra", options.extra}};
    if (!options.criteria.empty())
        settings["criteria"] = options.criteria;
    return settings;
}

JudgedItem judgedItem(
    const JudgeItem& item, bool bothOrders, const std::map<std::pair<std::int64_t, int>, JudgeCall>& answered)
{
    JudgedItem result {item.number, true, std::nullopt};
    const std::vector<int> orders = ordersOf(item, bothOrders);
    std::vector<std::optional<int>> outcomes;
    std::map<std::string, std::vector<int>> votes;
    for (const int order : orders) {
        const auto call = answered.find({item.number, order});
        if (call == answered.end())
            return {item.number, false, std::nullopt};
        outcomes.push_back(call->second.choice ? std::optional(outcomeOf(*call->second.choice, order)) : std::nullopt);
        for (const auto& [criterion, choice] : call->second.votes)
            votes[criterion].push_back(outcomeOf(choice, order));
    }
    for (const auto& outcome : outcomes) {
        if (!outcome)
            return result;
        result.outcome = *outcome == *outcomes.front() ? *outcome : 0;
    }
    for (const auto& [criterion, given] : votes)
        if (given.size() == orders.size())
            result.votes[criterion] = given.front() == given.back() ? given.front() : 0;
    return result;
}

JudgeRunResult judgeItems(const std::vector<JudgeItem>& items, const JudgeRunOptions& options,
    const AnswerChat& complete, JudgeTranscript& transcript, const std::function<void(const JudgedItem&)>& judged,
    const std::function<void(double share, const std::string& detail)>& progress)
{
    JudgeRunResult result;
    int failuresInARow = 0;
    const auto limit = [&](const std::string& sentence) {
        result.stopReason = sentence;
        result.isLimit = true;
    };
    for (std::size_t i = 0; i < items.size(); ++i) {
        const JudgeItem& item = items[i];
        for (const int order : ordersOf(item, options.bothOrders)) {
            if (transcript.answered().contains({item.number, order}))
                continue;
            const auto& first = order == 0 ? item.responseA : item.responseB;
            const auto& second = order == 0 ? item.responseB : item.responseA;
            const JudgeQuestion question = judgeQuestion(options.judge, item.prompt, first, second,
                fmt::format("{} {} {} {} {}", item.number, order, sha256(item.prompt), sha256(first), sha256(second)),
                options.criteria);
            if (options.maxCalls > 0 && result.calls + result.failed >= options.maxCalls) {
                limit(fmt::format("The limit of {} calls is reached; the same command goes on", options.maxCalls));
                return result;
            }
            const double next = costOf(options, estimatedTokens(question.text), options.maxTokens);
            if (options.maxCost > 0.0 && transcript.cost() + next > options.maxCost) {
                limit(fmt::format("The next call could cost {:.4f} at most, which with the {:.4f} spent would pass the "
                                  "limit of {:.4f}",
                    next, transcript.cost(), options.maxCost));
                return result;
            }

            JudgeCall call;
            call.item = item.number;
            call.order = order;
            call.question = question.text;
            call.created = now();
            try {
                const ChatAnswer answer = complete(requestOf(options, question.text));
                call.answer = answer.text;
                call.choice = choiceIn(answer.text, question.mark);
                for (const std::string& criterion : options.criteria)
                    if (const auto vote = voteIn(answer.text, question.mark, criterion))
                        call.votes[criterion] = *vote;
                call.tokensEstimated = !answer.promptTokens || !answer.answerTokens;
                call.promptTokens = answer.promptTokens.value_or(estimatedTokens(question.text));
                call.answerTokens = answer.answerTokens.value_or(estimatedTokens(answer.text));
                call.cost = costOf(options, call.promptTokens, call.answerTokens);
                call.attempts = answer.attempts;
                call.seconds = answer.seconds;
                ++result.calls;
                failuresInARow = 0;
            } catch (const ChatFailure& failure) {
                call.failure = result.lastFailure = failure.what();
                ++result.failed;
                ++failuresInARow;
            }
            transcript.add(call);
            if (failuresInARow >= options.mostFailures) {
                result.stopReason = fmt::format("{} calls in a row failed, the last one so: {}; what was answered is "
                                                "kept, and the same command goes on from it",
                    failuresInARow, call.failure);
                return result;
            }
        }
        if (const JudgedItem whole = judgedItem(item, options.bothOrders, transcript.answered()); whole.isWhole)
            judged(whole);
        progress(double(i + 1) / double(items.size()), fmt::format("{} of {}", i + 1, items.size()));
    }
    return result;
}

} // namespace mpo
