// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/judgment_export.h"

#include "core/data/pair_export.h"
#include "core/support/error.h"
#include "core/support/file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace mpo {

namespace {

/// Of source A: 1 won, 0 tie, -1 lost.
int outcomeOf(const JudgmentRow& row, const EvaluationItemInput& item)
{
    if (item.responseA == item.responseB || row.verdict == Verdict::Tie || row.verdict == Verdict::BothBad)
        return 0;
    return (row.verdict == Verdict::Left) == row.aWasLeft ? 1 : -1;
}

/// Judgments that reach a file, in order.
std::vector<const JudgmentRow*> shown(const EvaluationContent& content)
{
    std::vector<const JudgmentRow*> rows;
    for (const JudgmentRow& row : content.judgments)
        if (row.verdict != Verdict::Skip && content.key.at(std::size_t(row.number)).kind == ItemKind::Ordinary)
            rows.push_back(&row);
    return rows;
}

/// Points of source A for each item with how many judges they are the mean of.
struct Decisions
{
    std::vector<std::optional<double>> points;
    std::vector<int> judges;
};

Decisions decisionsOf(const EvaluationContent& content, const std::string& criterion)
{
    Decisions decisions;
    if (!criterion.empty()) {
        const CriterionPoints by = criterionPoints(criterion, content.items, content.reported);
        decisions.points = by.points;
        decisions.judges.resize(by.points.size(), 0);
        for (const auto& votes : by.votes)
            for (std::size_t i = 0; i < votes.size(); ++i)
                decisions.judges[i] += votes[i] ? 1 : 0;
        return decisions;
    }
    decisions.points = decidedPoints(content.items, content.reported);
    // As many as decided: people, or models where nobody else has judged.
    const bool people = std::any_of(content.judgments.begin(), content.judgments.end(),
        [](const JudgmentRow& row) { return !row.annotator.starts_with(kModelJudgePrefix); });
    decisions.judges.resize(decisions.points.size(), 0);
    for (const JudgmentRow& row : content.judgments)
        if (row.verdict != Verdict::Skip && row.annotator.starts_with(kModelJudgePrefix) != people)
            ++decisions.judges[std::size_t(row.number)];
    return decisions;
}

ExportedJudgments exportPairs(
    const EvaluationContent& content, const std::filesystem::path& file, const std::string& criterion)
{
    ExportedJudgments result;
    const auto [points, judges] = decisionsOf(content, criterion);
    std::set<std::int64_t> flagged;
    for (const JudgmentRow& row : content.judgments)
        if (row.flagged)
            flagged.insert(row.number);
    PairExport out(file, ExportFormat::Trl, DatasetKind::Pairs);
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!points[i])
            continue;
        if (flagged.contains(std::int64_t(i))) {
            ++result.flagged;
            continue;
        }
        if (*points[i] == 0.5) {
            ++result.withoutWinner;
            continue;
        }
        const EvaluationItemInput& item = content.key[i];
        const bool aWon = *points[i] > 0.5;
        PreferencePair pair;
        pair.prompt = item.prompt;
        pair.chosen = aWon ? item.responseA : item.responseB;
        pair.rejected = aWon ? item.responseB : item.responseA;
        if (judges[i] > 1)
            pair.confidence = std::max(*points[i], 1.0 - *points[i]);
        out.add(pair);
        ++result.rows;
    }
    out.finish();
    return result;
}

/// Of source A, by one criterion; nothing without a vote.
std::optional<int> voteOutcome(const JudgmentRow& row, const std::string& criterion)
{
    for (const CriterionVote& vote : row.votes)
        if (vote.criterion == criterion)
            return vote.verdict == Verdict::Tie ? 0 : (vote.verdict == Verdict::Left) == row.aWasLeft ? 1 : -1;
    return std::nullopt;
}

const char* winnerName(int outcome) { return outcome > 0 ? "model_a" : outcome < 0 ? "model_b" : "tie"; }

/// As AlpacaEval codes preferences.
double preferenceOf(int outcome) { return 1.5 - 0.5 * outcome; }

Json battle(const EvaluationContent& content, const JudgmentRow& row)
{
    const EvaluationItemInput& item = content.key[std::size_t(row.number)];
    const int outcome = outcomeOf(row, item);
    PreferencePair pair;
    pair.prompt = item.prompt;
    pair.chosen = item.responseA;
    pair.rejected = item.responseB;
    pair = dialogueOf(std::move(pair));
    Json json {{"question_id", row.number}, {"model_a", content.row.sourceA}, {"model_b", content.row.sourceB},
        {"winner", row.verdict == Verdict::BothBad && outcome == 0 ? "tie (bothbad)" : winnerName(outcome)},
        {"judge", row.annotator}};
    for (const bool a : {true, false}) {
        std::vector<ChatMessage> talk = pair.turns;
        talk.push_back({"assistant", a ? pair.chosen : pair.rejected});
        json[a ? "conversation_a" : "conversation_b"] = messagesOf(talk);
    }
    json["turn"] = 1 + std::count_if(pair.turns.begin(), pair.turns.end(), [](const ChatMessage& turn) {
        return turn.role == "assistant";
    });
    json["anony"] = true;
    json["tstamp"] = row.created;
    for (const std::string& criterion : criteriaOf(content.row.config))
        if (const auto vote = voteOutcome(row, criterion))
            json["winner_by_criterion"][criterion] = winnerName(*vote);
    if (row.strength)
        json["strength"] = *row.strength;
    if (row.flagged)
        json["flagged"] = true;
    return json;
}

Json annotation(const EvaluationContent& content, const JudgmentRow& row)
{
    const EvaluationItemInput& item = content.key[std::size_t(row.number)];
    const int outcome = outcomeOf(row, item);
    Json json {{"instruction", item.prompt}, {"output_1", item.responseA}, {"output_2", item.responseB},
        {"generator_1", content.row.sourceA}, {"generator_2", content.row.sourceB},
        {"preference", preferenceOf(outcome)}, {"annotator", row.annotator}, {"item", row.number},
        {"verdict", verdictName(row.verdict)}, {"output_1_was_left", row.aWasLeft}, {"comment", row.comment},
        {"seconds", row.seconds}, {"created", row.created}, {"flagged", row.flagged},
        {"strength", row.strength ? Json(*row.strength) : Json()}};
    for (const std::string& criterion : criteriaOf(content.row.config)) {
        const auto vote = voteOutcome(row, criterion);
        json["preference_" + criterion] = vote ? Json(preferenceOf(*vote)) : Json();
    }
    return json;
}

void requireEnding(const std::filesystem::path& file, const char* ending, const char* format)
{
    if (file.extension() != ending)
        fail("{}: the format {} is written to a file that ends in {}", file.string(), format, ending);
}

} // namespace

const std::vector<std::string>& judgmentFormatNames()
{
    static const std::vector<std::string> s_names {"trl", "arena", "csv"};
    return s_names;
}

JudgmentFormat judgmentFormatFromName(const std::string& name)
{
    const auto& names = judgmentFormatNames();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        fail("There is no export format \"{}\" for judgments; there are trl, arena and csv", name);
    return JudgmentFormat(found - names.begin());
}

ExportedJudgments exportJudgments(const EvaluationContent& content, JudgmentFormat format,
    const std::filesystem::path& file, const std::string& criterion)
{
    const std::vector<std::string> criteria = criteriaOf(content.row.config);
    if (!criterion.empty() && std::ranges::find(criteria, criterion) == criteria.end())
        fail("{}: has no criterion \"{}\"{}", content.row.name, criterion,
            criteria.empty() ? "" : fmt::format("; there are {}", fmt::join(criteria, ", ")));
    if (!criterion.empty() && format != JudgmentFormat::Trl)
        fail("A criterion decides pairs only (format trl); battles and tables hold the votes on all of them");
    if (format == JudgmentFormat::Trl)
        return exportPairs(content, file, criterion);
    ExportedJudgments result;
    std::string text;
    const bool csv = format == JudgmentFormat::Csv;
    requireEnding(file, csv ? ".csv" : ".jsonl", csv ? "csv" : "arena");
    for (const JudgmentRow* row : shown(content)) {
        ++result.rows;
        if (!csv) {
            text += toLine(battle(content, *row)) + "\n";
            continue;
        }
        std::string header, cells;
        const Json fields = annotation(content, *row);
        for (const auto& [key, value] : fields.items()) {
            const std::string comma = header.empty() ? "" : ",";
            header += comma + csvCell(key);
            cells += comma + csvCell(value);
        }
        text += (result.rows == 1 ? header + "\r\n" : "") + cells + "\r\n";
    }
    writeFileAtomically(file, text);
    return result;
}

} // namespace mpo
