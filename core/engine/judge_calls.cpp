// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/judge_calls.h"

#include "core/judge/judge_transcript.h"
#include "core/support/file.h"

#include <fmt/format.h>

#include <algorithm>

namespace mpo {

namespace fs = std::filesystem;

fs::path judgeFolder(const Project& project, std::int64_t evaluation)
{
    return project.folder() / "evaluations" / std::to_string(evaluation);
}

fs::path judgeTranscriptFile(const Project& project, std::int64_t evaluation, const std::string& annotator)
{
    constexpr std::size_t kLongest = 60, kDigits = 8;
    std::string name = annotator.substr(0, kLongest);
    for (char& c : name)
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-')
            c = '_';
    return judgeFolder(project, evaluation) / (name + "-" + sha256(annotator).substr(0, kDigits) + ".jsonl");
}

std::string rewardJudgeKey(std::int64_t evaluation, const std::string& annotator)
{
    return fmt::format("evaluation/{}/reward judge/{}", evaluation, annotator);
}

JudgeCalls judgeCallsOf(const fs::path& transcript)
{
    const ReadTranscript read = readTranscript(transcript);
    JudgeCalls result;
    result.annotator = read.settings.is_object() ? read.settings.value("annotator", "") : "";
    result.settings = read.settings;
    result.calls = read.calls;
    result.failed = read.failed;
    result.cost = read.cost;
    result.transcript = transcript;
    std::int64_t both = 0, same = 0, first = 0, second = 0;
    for (const auto& [key, call] : read.answered) {
        result.unclear += call.choice ? 0 : 1;
        result.promptTokens += call.promptTokens;
        result.answerTokens += call.answerTokens;
        const auto other = read.answered.find({key.first, 1 - key.second});
        if (other == read.answered.end() || !call.choice || !other->second.choice)
            continue;
        first += *call.choice == JudgeChoice::First ? 1 : 0;
        second += *call.choice == JudgeChoice::Second ? 1 : 0;
        if (key.second != 0)
            continue;
        ++both;
        // The same source stands first once and second once.
        const JudgeChoice again = *other->second.choice;
        same += *call.choice == JudgeChoice::Tie ? again == JudgeChoice::Tie
                                                 : again != JudgeChoice::Tie && again != *call.choice;
    }
    result.consistent = countedShare(same, both);
    result.firstChosen = sideBias(first, second);
    return result;
}

std::vector<JudgeCalls> judgeCallsOf(const Project& project, std::int64_t evaluation)
{
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(judgeFolder(project, evaluation), error))
        if (entry.path().extension() == ".jsonl")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<JudgeCalls> all;
    for (const fs::path& file : files)
        all.push_back(judgeCallsOf(file));
    return all;
}

Json toJson(const JudgeCalls& calls)
{
    const auto interval = [](const Interval& of) { return Json::array({of.low, of.high}); };
    return {{"annotator", calls.annotator}, {"settings", calls.settings}, {"calls", calls.calls},
        {"failed", calls.failed}, {"unclear", calls.unclear},
        {"position_consistency",
            {{"n", calls.consistent.n}, {"same", calls.consistent.hits}, {"share", calls.consistent.share},
                {"interval", interval(calls.consistent.interval)}}},
        {"first_chosen",
            {{"first", calls.firstChosen.left}, {"second", calls.firstChosen.right},
                {"share", calls.firstChosen.leftShare}, {"interval", interval(calls.firstChosen.interval)},
                {"p", calls.firstChosen.p}}},
        {"prompt_tokens", calls.promptTokens}, {"answer_tokens", calls.answerTokens}, {"cost", calls.cost},
        {"transcript", calls.transcript.string()}};
}

} // namespace mpo
