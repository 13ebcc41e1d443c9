// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// What a judge is asked for one pair of responses. Placeholders: {prompt}, {first}, {second}, each at least once, and
/// {verdict}: how the answer has to end; put at the end where it is missing.
struct JudgeTemplate
{
    std::string name; ///< "hh", "tldr", or the file
    std::string text;
};
const std::vector<std::string>& judgeTemplateNames(); ///< built in: "hh" (helpful and harmless), "tldr" (summaries)
/// A built-in template, or one of the user's from a file. Throws Error naming the file and what is missing.
JudgeTemplate judgeTemplate(const std::string& nameOrFile);

/// A question to the judge. What the responses say cannot pass for its verdict: the verdict stands on a line of its own
/// that begins with a mark, and the mark is drawn for this question after the responses were written.
struct JudgeQuestion
{
    std::string text, mark;
};
/// `draw`: what the mark is made from, another for each question. Placeholders inside prompt and responses are text.
/// `criteria`: on each of which a vote is asked for before the verdict.
JudgeQuestion judgeQuestion(const JudgeTemplate& judge, std::string_view prompt, std::string_view first,
    std::string_view second, std::string_view draw, const std::vector<std::string>& criteria = {});

enum class JudgeChoice { First, Second, Tie };
std::string_view judgeChoiceName(JudgeChoice choice); ///< "first", "second", "tie"
std::optional<JudgeChoice> judgeChoiceFromName(std::string_view name);

/// The verdict in a judge's answer: the lines "VERDICT MARK: 1" (2, tie) with the mark of the question. Nothing where
/// there is none, or where two of them contradict each other;
/// a line that goes on behind its verdict is none.
std::optional<JudgeChoice> choiceIn(std::string_view answer, std::string_view mark);
/// The vote on a criterion, by the same rules: "VOTE MARK CRITERION: 1".
std::optional<JudgeChoice> voteIn(std::string_view answer, std::string_view mark, std::string_view criterion);

} // namespace mpo
