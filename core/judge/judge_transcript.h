// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/judge/judge_prompt.h"
#include "core/support/json.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mpo {

/// One question to a judge with its answer, or why there is none.
struct JudgeCall
{
    std::int64_t item = 0;
    int order = 0; ///< 0: source A stood first, 1: source B
    std::string question, answer;
    std::optional<JudgeChoice> choice; ///< nothing: the answer holds no clear verdict
    std::map<std::string, JudgeChoice> votes; ///< on criteria; those that are clear
    std::string failure; ///< not empty: nothing was answered, so the question is asked again another time
    std::int64_t promptTokens = 0, answerTokens = 0;
    bool tokensEstimated = false; ///< the server did not count them
    double cost = 0.0; ///< by the prices given, in their currency
    int attempts = 1;
    double seconds = 0.0;
    std::string created; ///< ISO 8601, UTC
};

/// The whole conversation with one judge about one session, a file of JSON lines: first what was asked for
/// ("settings"), then a line for each call. Every line is on disk before the next call, so that what was paid for is
/// never asked again.
class JudgeTranscript
{
public:
    /// Goes on with the file or begins it. A last line that a crash cut off is taken away. Throws Error: a file of
    /// other settings (naming those that differ), a damaged one, a full disk.
    JudgeTranscript(const std::filesystem::path& file, const Json& settings);
    ~JudgeTranscript();
    JudgeTranscript(const JudgeTranscript&) = delete;
    JudgeTranscript& operator=(const JudgeTranscript&) = delete;

    void add(const JudgeCall& call);
    /// Calls that were answered, by item and order.
    const std::map<std::pair<std::int64_t, int>, JudgeCall>& answered() const { return m_answered; }
    double cost() const { return m_cost; } ///< of all calls

private:
    std::filesystem::path m_file;
    int m_descriptor = -1;
    std::map<std::pair<std::int64_t, int>, JudgeCall> m_answered;
    double m_cost = 0.0;
};

/// Reads a transcript without changing it. Throws Error.
struct ReadTranscript
{
    Json settings;
    std::map<std::pair<std::int64_t, int>, JudgeCall> answered;
    std::int64_t calls = 0, failed = 0;
    double cost = 0.0;
    std::size_t wholeBytes = 0; ///< of the lines that are whole
};
ReadTranscript readTranscript(const std::filesystem::path& file);

} // namespace mpo
