// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace mpo {

void Project::Private::requireAnnotator(const std::string& name)
{
    constexpr std::size_t kLongest = 200;
    if (name.size() > kLongest
        || std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        fail("The name of an annotator must be one line of at most {} bytes", kLongest);
}

std::vector<std::string> Project::Private::criteriaOfEvaluation(std::int64_t evaluation)
{
    auto query = statement("SELECT config FROM evaluations WHERE id=?", evaluation);
    return query.executeStep() ? criteriaOf(parseJson(query.getColumn(0).getString(), "project.db: a session"))
                               : std::vector<std::string>();
}

void Project::Private::insertJudgment(
    std::int64_t evaluation, const JudgmentRow& row, const std::vector<std::string>& criteria)
{
    for (const CriterionVote& vote : row.votes)
        if (std::ranges::find(criteria, vote.criterion) == criteria.end())
            fail("A vote on \"{}\", which is no criterion of the session", vote.criterion);
    if (row.strength && !(std::isfinite(*row.strength) && *row.strength >= 0.0))
        fail("How much better a response is must be a number of at least 0, not {}", *row.strength);
    statement("UPDATE judgments SET undone=? WHERE evaluation=? AND number=? AND annotator=? AND undone IS NULL",
        nowUtc(), evaluation, row.number, row.annotator)
        .exec();
    statement("INSERT INTO judgments(evaluation, number, verdict, comment, seconds, created, annotator, a_was_left, "
              "flagged, votes, strength) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        evaluation, row.number, std::int64_t(row.verdict), row.comment, row.seconds, row.created, row.annotator,
        std::int64_t(row.aWasLeft), std::int64_t(row.flagged), toLine(votesJson(row.votes)), row.strength)
        .exec();
}

void Project::judge(
    std::int64_t evaluation, std::int64_t number, const Judgment& judgment, const std::string& annotator)
{
    m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        m_d->requireAnnotator(annotator);
        auto item = m_d->statement("SELECT coalesce((SELECT a_is_left FROM evaluation_places p WHERE "
                                   "p.evaluation=i.evaluation AND p.annotator=? AND p.number=i.number), a_is_left) "
                                   "FROM evaluation_items i WHERE evaluation=? AND number=?",
            annotator, evaluation, number);
        if (!item.executeStep())
            fail("The evaluation {} has no item {}", evaluation, number);
        JudgmentRow row {judgment, number, annotator, item.getColumn(0).getInt() != 0, nowUtc()};
        m_d->insertJudgment(evaluation, row,
            judgment.votes.empty() ? std::vector<std::string>() : m_d->criteriaOfEvaluation(evaluation));
    });
}

void Project::undoJudgment(std::int64_t evaluation, std::int64_t number, const std::string& annotator)
{
    m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        m_d->statement(
               "UPDATE judgments SET undone=? WHERE evaluation=? AND number=? AND annotator=? AND undone IS NULL",
               nowUtc(), evaluation, number, annotator)
            .exec();
    });
}

std::vector<AnnotatorRow> Project::annotators(std::int64_t evaluation) const
{
    return m_d->read([&] {
        std::vector<AnnotatorRow> rows;
        auto query = m_d->statement("SELECT annotator, count(*) FROM judgments WHERE evaluation=? AND undone IS NULL "
                                    "GROUP BY annotator ORDER BY annotator",
            evaluation);
        while (query.executeStep())
            rows.push_back({query.getColumn(0).getString(), query.getColumn(1).getInt64()});
        return rows;
    });
}

std::vector<JudgmentRow> Project::Private::countingJudgments(std::int64_t evaluation)
{
    std::vector<JudgmentRow> rows;
    auto query = statement("SELECT number, annotator, verdict, a_was_left, comment, seconds, created, flagged, votes, "
                           "strength FROM judgments WHERE evaluation=? AND undone IS NULL ORDER BY number, annotator",
        evaluation);
    while (query.executeStep()) {
        JudgmentRow row;
        row.number = query.getColumn(0).getInt64();
        row.annotator = query.getColumn(1).getString();
        row.verdict = enumFrom(query.getColumn(2), Verdict::BothBad);
        row.aWasLeft = query.getColumn(3).getInt() != 0;
        row.comment = query.getColumn(4).getString();
        row.seconds = query.getColumn(5).getDouble();
        row.created = query.getColumn(6).getString();
        row.flagged = query.getColumn(7).getInt() != 0;
        row.votes = storedVotes(query.getColumn(8));
        row.strength = numberOrNothing(query.getColumn(9));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<JudgmentRow> Project::judgments(std::int64_t evaluation) const
{
    return m_d->read([&] {
        m_d->requireEvaluation(evaluation, true);
        return m_d->countingJudgments(evaluation);
    });
}

std::vector<JudgmentRow> Project::blindJudgments(std::int64_t evaluation) const
{
    return m_d->read([&] { return m_d->countingJudgments(evaluation); });
}

MergedJudgments Project::mergeJudgments(
    std::int64_t evaluation, const std::vector<JudgmentRow>& judgments, const std::string& from)
{
    return m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        const std::vector<std::string> criteria = m_d->criteriaOfEvaluation(evaluation);
        std::map<std::pair<std::int64_t, std::string>, JudgmentRow> own;
        for (JudgmentRow& row : m_d->countingJudgments(evaluation))
            own.emplace(std::pair(row.number, row.annotator), row);
        MergedJudgments result;
        for (const JudgmentRow& row : judgments) {
            m_d->requireAnnotator(row.annotator);
            const auto found = own.find({row.number, row.annotator});
            if (found != own.end()) {
                if (found->second == row) {
                    ++result.known;
                    continue;
                }
                if (row.created <= found->second.created) { // text of ISO 8601 sorts by time
                    ++result.older;
                    continue;
                }
                ++result.replaced;
            } else {
                auto item = m_d->statement(
                    "SELECT 1 FROM evaluation_items WHERE evaluation=? AND number=?", evaluation, row.number);
                if (!item.executeStep())
                    fail("{}: judges the item {}, which the session here does not have", from, row.number);
                ++result.added;
            }
            m_d->insertJudgment(evaluation, row, criteria);
            own[{row.number, row.annotator}] = row;
        }
        m_d->logEvaluation(evaluation,
            fmt::format("merged {}: {} judgments added, {} replaced by later ones, {} known, {} older than those here",
                from, result.added, result.replaced, result.known, result.older));
        return result;
    });
}

} // namespace mpo
