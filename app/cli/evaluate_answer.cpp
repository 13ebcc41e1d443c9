// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/evaluation_report.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <sstream>

namespace mpo::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// What a line from stdin asks for.
struct Answer
{
    enum class What { Verdict, Undo, Quit };
    What what = What::Verdict;
    Verdict verdict = Verdict::Tie;
    std::string comment;
    std::optional<double> seconds;
};

Answer answerOfJson(const std::string& line, std::int64_t number)
{
    JsonProblem problem;
    const auto json = tryParseJson(line, problem);
    if (!json || !json->is_object())
        fail("The answer to item {} is not a JSON object ({})", number, json ? toLine(*json) : problem.reason);
    try {
        if (json->contains("item") && (*json)["item"].get<std::int64_t>() != number)
            fail("The answer is to item {}, but item {} was asked", (*json)["item"].get<std::int64_t>(), number);
        if (json->value("undo", false))
            return {Answer::What::Undo, {}, {}, {}};
        const auto name = json->at("verdict").get<std::string>();
        const auto verdict = verdictFromName(name);
        if (!verdict)
            fail("The answer to item {} is \"{}\"; it can be left, right, tie, both_bad or skip", number,
                toPrintable(name));
        Answer answer {Answer::What::Verdict, *verdict, json->value("comment", ""), {}};
        if (json->contains("seconds"))
            answer.seconds = (*json)["seconds"].get<double>();
        return answer;
    } catch (const Json::exception&) {
        fail("The answer to item {} must be like {{\"verdict\": \"left\", \"comment\": \"\"}}", number);
    }
}

/// Nothing for a line that is no answer.
std::optional<Answer> answerOfKey(std::string_view line)
{
    line = trimmed(line);
    if (line.empty())
        return std::nullopt;
    const std::string comment(trimmed(line.substr(1)));
    const auto verdict = [&](Verdict value) { return Answer {Answer::What::Verdict, value, comment, {}}; };
    if (line.size() > 1 && line[1] != ' ')
        return std::nullopt;
    switch (line.front()) {
    case '1':
        return verdict(Verdict::Left);
    case '2':
        return verdict(Verdict::Right);
    case '0':
        return verdict(Verdict::Tie);
    case 'b':
        return verdict(Verdict::BothBad);
    case 's':
        return verdict(Verdict::Skip);
    case 'u':
        return Answer {Answer::What::Undo, {}, {}, {}};
    case 'q':
        return Answer {Answer::What::Quit, {}, {}, {}};
    default:
        return std::nullopt;
    }
}

/// Texts of models on a terminal: lines as they are, but no control characters.
void writeText(const std::string& text)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        writeLine("  " + toPrintable(line));
}

void showItem(const GlobalOptions& global, const EvaluationItemRow& item, std::size_t position, std::size_t count)
{
    if (global.json) {
        writeLine(toLine({{"item", item.number}, {"prompt", item.prompt}, {"left", item.left}, {"right", item.right},
            {"position", position}, {"items", count}}));
    } else {
        writeLine(fmt::format("---- {} of {}", position + 1, count));
        writeText(item.prompt);
        writeLine("---- 1: left");
        writeText(item.left);
        writeLine("---- 2: right");
        writeText(item.right);
        writeLine("---- 1 left, 2 right, 0 tie, b both bad, s skip, u undo, q quit; a comment may follow: ");
    }
    flushOutput();
}

} // namespace

int answerEvaluation(const GlobalOptions& global, const std::string& name, const std::string& annotator, int share)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    const EvaluationRow row = project->evaluation(name);
    joinAnnotator(*project, row, annotator, share);
    std::vector<EvaluationItemRow> items = project->evaluationItems(row.id, annotator);
    std::vector<std::size_t> history;
    const auto judge = [&](std::size_t at, Verdict verdict, const std::string& comment, double seconds) {
        project->judge(row.id, items[at].number, verdict, comment, seconds, annotator);
        items[at].verdict = verdict;
    };
    std::size_t at = 0;
    while (at < items.size()) {
        if (items[at].verdict) {
            ++at;
            continue;
        }
        if (items[at].left == items[at].right) {
            judge(at, Verdict::Tie, "Identical responses: a tie by rule", 0.0);
            continue;
        }
        showItem(global, items[at], at, items.size());
        const auto shown = Clock::now();
        std::optional<Answer> answer;
        std::string line;
        while (!answer && std::getline(std::cin, line)) {
            answer = global.json ? answerOfJson(line, items[at].number) : answerOfKey(line);
            if (!answer)
                note("That is none of the keys; the item stays");
        }
        if (!answer || answer->what == Answer::What::Quit || outputClosed())
            break;
        if (answer->what == Answer::What::Undo) {
            if (history.empty()) {
                note("There is nothing to undo");
                continue;
            }
            at = history.back();
            history.pop_back();
            project->undoJudgment(row.id, items[at].number, annotator);
            items[at].verdict.reset();
            continue;
        }
        judge(at, answer->verdict, answer->comment,
            answer->seconds.value_or(std::chrono::duration<double>(Clock::now() - shown).count()));
        history.push_back(at);
    }
    std::size_t judged = 0;
    for (const EvaluationItemRow& item : items)
        judged += item.verdict ? 1 : 0;
    if (global.json)
        writeLine(toLine({{"done", judged == items.size()}, {"judged", judged}, {"items", items.size()}}));
    else
        writeLine(judged == items.size()
                ? fmt::format("All {} items are judged", items.size())
                : fmt::format("{} of {} items are judged; the same command goes on", judged, items.size()));
    return 0;
}

} // namespace mpo::cli
