// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

#include <set>

namespace mpo {

void Project::Private::requireEvaluation(std::int64_t evaluation, bool closed)
{
    auto query = statement("SELECT name, closed FROM evaluations WHERE id=?", evaluation);
    if (!query.executeStep())
        fail("There is no evaluation {} in {}", evaluation, folder.string());
    const bool isClosed = query.getColumn(1).getInt() != 0;
    if (closed && !isClosed)
        fail("The evaluation \"{}\" is still blind: close it before asking which model stood where",
            query.getColumn(0).getString());
    if (!closed && isClosed)
        fail("The evaluation \"{}\" is closed: its judgments can no longer change", query.getColumn(0).getString());
}

std::int64_t Project::addEvaluation(const EvaluationRow& row, const std::vector<EvaluationItemInput>& items)
{
    return m_d->write([&] {
        m_d->requireNewName("evaluations", "evaluation", row.name);
        criteriaOf(row.config); // throws for what cannot be judged by
        m_d->statement(
               "INSERT INTO evaluations(name, source_a, source_b, config, closed, created) VALUES(?, ?, ?, ?, 0, ?)",
               row.name, row.sourceA, row.sourceB, toLine(row.config), row.created.empty() ? nowUtc() : row.created)
            .exec();
        const auto id = m_d->database.getLastInsertRowid();
        std::int64_t number = 0;
        for (const auto& item : items)
            m_d->statement("INSERT INTO evaluation_items(evaluation, number, prompt, response_a, response_b, "
                           "a_is_left, pair, kind, "
                           "repeat_of, score_a, score_b) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   id, number++, item.prompt, item.responseA, item.responseB, std::int64_t(item.aIsLeft), item.pair,
                   std::int64_t(item.kind), item.repeatOf, item.scoreA, item.scoreB)
                .exec();
        return id;
    });
}

std::vector<EvaluationRow> Project::evaluations() const
{
    return m_d->read([&] {
        std::vector<EvaluationRow> rows;
        auto query = m_d->statement("SELECT id, name, source_a, source_b, config, closed, created, "
                                    "(SELECT count(*) FROM evaluation_items WHERE evaluation=evaluations.id), "
                                    "(SELECT count(DISTINCT number) FROM judgments WHERE evaluation=evaluations.id "
                                    "AND undone IS NULL) FROM evaluations ORDER BY id");
        while (query.executeStep()) {
            EvaluationRow row;
            row.id = query.getColumn(0).getInt64();
            row.name = query.getColumn(1).getString();
            row.sourceA = query.getColumn(2).getString();
            row.sourceB = query.getColumn(3).getString();
            row.config = parseJson(query.getColumn(4).getString(), fmt::format("project.db: settings of {}", row.name));
            row.closed = query.getColumn(5).getInt() != 0;
            row.created = query.getColumn(6).getString();
            row.items = query.getColumn(7).getInt64();
            row.judged = query.getColumn(8).getInt64();
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

EvaluationRow Project::evaluation(const std::string& name) const
{
    for (EvaluationRow& row : evaluations())
        if (row.name == name)
            return std::move(row);
    const std::scoped_lock guard(m_d->mutex);
    m_d->failUnknown("evaluations", "evaluation", name);
}

bool Project::Private::hasPlaces(std::int64_t evaluation, const std::string& annotator)
{
    return statement(
        "SELECT 1 FROM evaluation_places WHERE evaluation=? AND annotator=? LIMIT 1", evaluation, annotator)
        .executeStep();
}

void Project::joinEvaluation(
    std::int64_t evaluation, const std::string& annotator, const std::vector<AnnotatorPlace>& places)
{
    m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        m_d->requireAnnotator(annotator);
        auto judged = m_d->statement(
            "SELECT 1 FROM judgments WHERE evaluation=? AND annotator=? LIMIT 1", evaluation, annotator);
        if (m_d->hasPlaces(evaluation, annotator) || judged.executeStep())
            return;
        auto items = m_d->statement("SELECT count(*) FROM evaluation_items WHERE evaluation=?", evaluation);
        items.executeStep();
        std::set<std::int64_t> numbers;
        for (const AnnotatorPlace& place : places)
            numbers.insert(place.number);
        const std::int64_t count = items.getColumn(0).getInt64();
        if (numbers.empty() || numbers.size() != places.size() || *numbers.begin() < 0 || *numbers.rbegin() >= count)
            fail("The order for {} does not name some of the {} items, each once", annotator, count);
        std::int64_t position = 0;
        for (const AnnotatorPlace& place : places)
            m_d->statement("INSERT INTO evaluation_places(evaluation, annotator, number, position, a_is_left) "
                           "VALUES(?, ?, ?, ?, ?)",
                   evaluation, annotator, place.number, position++, std::int64_t(place.aIsLeft))
                .exec();
    });
}

std::vector<EvaluationItemRow> Project::evaluationItems(std::int64_t evaluation, const std::string& annotator) const
{
    return m_d->read([&] {
        std::vector<EvaluationItemRow> rows;
        auto query
            = m_d->statement("SELECT i.number, i.prompt, i.response_a, i.response_b, "
                             "coalesce(p.a_is_left, i.a_is_left), j.verdict, j.comment, j.seconds, j.flagged, j.votes, "
                             "j.strength "
                             "FROM evaluation_items i LEFT JOIN evaluation_places p ON p.evaluation=i.evaluation "
                             "AND p.annotator=? AND p.number=i.number LEFT JOIN judgments j ON "
                             "j.evaluation=i.evaluation AND j.number=i.number AND j.annotator=? "
                             "AND j.undone IS NULL WHERE i.evaluation=? AND (p.number IS NOT NULL OR ?=0) "
                             "ORDER BY coalesce(p.position, i.number)",
                annotator, annotator, evaluation, std::int64_t(m_d->hasPlaces(evaluation, annotator)));
        while (query.executeStep()) {
            EvaluationItemRow row;
            row.number = query.getColumn(0).getInt64();
            row.prompt = query.getColumn(1).getString();
            row.left = query.getColumn(2).getString();
            row.right = query.getColumn(3).getString();
            if (query.getColumn(4).getInt() == 0)
                std::swap(row.left, row.right);
            if (const auto verdict = query.getColumn(5); !verdict.isNull()) {
                row.verdict = enumFrom(verdict, Verdict::BothBad);
                row.comment = query.getColumn(6).getString();
                row.seconds = query.getColumn(7).getDouble();
                row.flagged = query.getColumn(8).getInt() != 0;
                row.votes = storedVotes(query.getColumn(9));
                row.strength = numberOrNothing(query.getColumn(10));
            }
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

void Project::closeEvaluation(std::int64_t evaluation)
{
    m_d->write([&] {
        if (m_d->statement("UPDATE evaluations SET closed=1 WHERE id=?", evaluation).exec() == 0)
            fail("There is no evaluation {} in {}", evaluation, m_d->folder.string());
        m_d->logEvaluation(evaluation, "closed");
    });
}

std::vector<EvaluationItemInput> Project::Private::evaluationItemsWithKey(std::int64_t evaluation)
{
    std::vector<EvaluationItemInput> items;
    auto query = statement("SELECT prompt, response_a, response_b, a_is_left, pair, kind, repeat_of, score_a, score_b "
                           "FROM evaluation_items WHERE evaluation=? ORDER BY number",
        evaluation);
    while (query.executeStep()) {
        EvaluationItemInput item;
        item.prompt = query.getColumn(0).getString();
        item.responseA = query.getColumn(1).getString();
        item.responseB = query.getColumn(2).getString();
        item.aIsLeft = query.getColumn(3).getInt() != 0;
        item.pair = query.getColumn(4).getInt64();
        item.kind = enumFrom(query.getColumn(5), ItemKind::Gold);
        if (const auto original = query.getColumn(6); !original.isNull())
            item.repeatOf = original.getInt64();
        if (const auto a = query.getColumn(7), b = query.getColumn(8); !a.isNull() && !b.isNull()) {
            item.scoreA = a.getDouble();
            item.scoreB = b.getDouble();
        }
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<EvaluationItemInput> Project::evaluationKey(std::int64_t evaluation) const
{
    return m_d->read([&] {
        m_d->requireEvaluation(evaluation, true);
        return m_d->evaluationItemsWithKey(evaluation);
    });
}

std::vector<EvaluationItemInput> Project::blindItems(std::int64_t evaluation) const
{
    return m_d->read([&] { return m_d->evaluationItemsWithKey(evaluation); });
}

void Project::Private::logEvaluation(std::int64_t evaluation, const std::string& text)
{
    statement("INSERT INTO evaluation_log(evaluation, created, text) VALUES(?, ?, ?)", evaluation, nowUtc(), text)
        .exec();
}

void Project::logEvaluation(std::int64_t evaluation, const std::string& text)
{
    m_d->write([&] { m_d->logEvaluation(evaluation, text); });
}

std::vector<EvaluationLogRow> Project::evaluationLog(std::int64_t evaluation) const
{
    return m_d->read([&] {
        std::vector<EvaluationLogRow> rows;
        auto query
            = m_d->statement("SELECT created, text FROM evaluation_log WHERE evaluation=? ORDER BY id", evaluation);
        while (query.executeStep())
            rows.push_back({query.getColumn(0).getString(), query.getColumn(1).getString()});
        return rows;
    });
}

} // namespace mpo
