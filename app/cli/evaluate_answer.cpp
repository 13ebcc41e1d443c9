// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/evaluation_report.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <sstream>

namespace mpo::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// What a line from stdin asks for. Note: something beside the verdict, after which the item stays.
struct Answer
{
    enum class What { Verdict, Note, Undo, Quit };
    What what = What::Verdict;
    Judgment judgment {}; ///< Verdict
    std::optional<double> seconds {};
};

/// What is said of an item before its verdict.
struct Notes
{
    bool flagged = false;
    std::optional<double> strength;
    std::map<std::string, Verdict> votes;
};

/// What the session asks for beside the verdict.
struct Asked
{
    std::vector<std::string> criteria;
    bool strength = false;
};

std::optional<double> strengthOfName(std::string_view name)
{
    for (const Strength strength : kStrengths)
        if (strengthName(strength) == name)
            return double(strength);
    return std::nullopt;
}

Answer answerOfJson(const std::string& line, std::int64_t number, const Asked& asked)
{
    JsonProblem problem;
    const auto json = tryParseJson(line, problem);
    if (!json || !json->is_object())
        fail("The answer to item {} is not a JSON object ({})", number, json ? toLine(*json) : problem.reason);
    try {
        if (json->contains("item") && (*json)["item"].get<std::int64_t>() != number)
            fail("The answer is to item {}, but item {} was asked", (*json)["item"].get<std::int64_t>(), number);
        if (json->value("undo", false))
            return {Answer::What::Undo};
        const auto name = json->at("verdict").get<std::string>();
        const auto verdict = verdictFromName(name);
        if (!verdict)
            fail("The answer to item {} is \"{}\"; it can be left, right, tie, both_bad or skip", number,
                toPrintable(name));
        Answer answer {Answer::What::Verdict, {*verdict, json->value("comment", "")}};
        answer.judgment.flagged = json->value("flag", false);
        if (json->contains("votes"))
            answer.judgment.votes = votesOf((*json)["votes"]);
        if (json->contains("strength")) {
            const auto strength = (*json)["strength"].get<std::string>();
            answer.judgment.strength = strengthOfName(strength);
            if (!answer.judgment.strength || !asked.strength)
                fail("The strength \"{}\" in the answer to item {} {}", toPrintable(strength), number,
                    asked.strength ? "must be slightly, clearly or much" : "is not asked for by the session");
        }
        if (json->contains("seconds"))
            answer.seconds = (*json)["seconds"].get<double>();
        return answer;
    } catch (const Json::exception&) {
        fail("The answer to item {} must be like {{\"verdict\": \"left\", \"comment\": \"\"}}", number);
    }
}

/// "helpful 1", or any beginning of the name that is that of no other criterion.
bool isVote(std::string_view line, const Asked& asked, Notes& notes)
{
    const auto space = line.find_last_of(' ');
    if (space == line.npos || space < 2)
        return false;
    const std::string_view name = trimmed(line.substr(0, space)), side = line.substr(space + 1);
    const auto named = [&](const std::string& criterion) { return criterion.starts_with(name); };
    auto found = std::ranges::find(asked.criteria, name);
    if (found == asked.criteria.end() && std::ranges::count_if(asked.criteria, named) == 1)
        found = std::ranges::find_if(asked.criteria, named);
    if (found == asked.criteria.end() || (side != "1" && side != "2" && side != "0"))
        return false;
    notes.votes[*found] = side == "1" ? Verdict::Left : side == "2" ? Verdict::Right : Verdict::Tie;
    return true;
}

/// Nothing for a line that is no answer.
std::optional<Answer> answerOfKey(std::string_view line, const Asked& asked, Notes& notes)
{
    line = trimmed(line);
    if (line.empty())
        return std::nullopt;
    const std::string comment(trimmed(line.substr(1)));
    const auto verdict = [&](Verdict value) {
        Answer answer {Answer::What::Verdict, {value, comment, 0.0, notes.flagged, {}, notes.strength}};
        for (const auto& [criterion, vote] : notes.votes)
            answer.judgment.votes.push_back({criterion, vote});
        return answer;
    };
    if (line == "f") {
        notes.flagged = !notes.flagged;
        return Answer {Answer::What::Note};
    }
    if (asked.strength && strengthOfName(line)) {
        notes.strength = strengthOfName(line);
        return Answer {Answer::What::Note};
    }
    if (isVote(line, asked, notes))
        return Answer {Answer::What::Note};
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
        return Answer {Answer::What::Undo};
    case 'q':
        return Answer {Answer::What::Quit};
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

void showItem(const GlobalOptions& global, const EvaluationItemRow& item, std::size_t position, std::size_t count,
    const Asked& asked)
{
    if (global.json) {
        Json line {{"item", item.number}, {"prompt", item.prompt}, {"left", item.left}, {"right", item.right},
            {"position", position}, {"items", count}};
        if (!asked.criteria.empty())
            line["criteria"] = asked.criteria;
        if (asked.strength)
            line["strength"] = {"slightly", "clearly", "much"};
        writeLine(toLine(line));
    } else {
        writeLine(fmt::format("---- {} of {}", position + 1, count));
        writeText(item.prompt);
        writeLine("---- 1: left");
        writeText(item.left);
        writeLine("---- 2: right");
        writeText(item.right);
        if (!asked.criteria.empty())
            writeLine(fmt::format(
                "---- first, each on a line: {} with 1 left, 2 right or 0 tie", fmt::join(asked.criteria, ", ")));
        if (asked.strength)
            writeLine("---- how much better, on a line before the verdict: slightly, clearly or much");
        writeLine("---- 1 left, 2 right, 0 tie, b both bad, s skip, f flag, u undo, q quit; a comment may follow a "
                  "verdict: ");
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
    const Asked asked {criteriaOf(row.config), asksStrength(row.config)};
    std::vector<std::size_t> history;
    const auto judge = [&](std::size_t at, Judgment judgment) {
        if (judgment.verdict != Verdict::Left && judgment.verdict != Verdict::Right)
            judgment.strength.reset(); // nothing is better
        project->judge(row.id, items[at].number, judgment, annotator);
        items[at].verdict = judgment.verdict;
    };
    std::size_t at = 0;
    while (at < items.size()) {
        if (items[at].verdict) {
            ++at;
            continue;
        }
        if (items[at].left == items[at].right) {
            judge(at, {Verdict::Tie, "Identical responses: a tie by rule"});
            continue;
        }
        showItem(global, items[at], at, items.size(), asked);
        const auto shown = Clock::now();
        std::optional<Answer> answer;
        Notes notes;
        std::string line;
        while (!answer && std::getline(std::cin, line)) {
            answer = global.json ? answerOfJson(line, items[at].number, asked) : answerOfKey(line, asked, notes);
            if (!answer)
                note("That is none of the keys; the item stays");
            else if (answer->what == Answer::What::Note)
                answer.reset();
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
        answer->judgment.seconds
            = answer->seconds.value_or(std::chrono::duration<double>(Clock::now() - shown).count());
        judge(at, answer->judgment);
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
