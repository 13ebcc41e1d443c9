// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

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
        m_d->statement(
               "INSERT INTO evaluations(name, source_a, source_b, config, closed, created) VALUES(?, ?, ?, ?, 0, ?)",
               row.name, row.sourceA, row.sourceB, toLine(row.config), row.created.empty() ? nowUtc() : row.created)
            .exec();
        const auto id = m_d->database.getLastInsertRowid();
        std::int64_t number = 0;
        for (const auto& item : items)
            m_d->statement(
                   "INSERT INTO evaluation_items(evaluation, number, prompt, response_a, response_b, a_is_left, pair) "
                   "VALUES(?, ?, ?, ?, ?, ?, ?)",
                   id, number++, item.prompt, item.responseA, item.responseB, std::int64_t(item.aIsLeft), item.pair)
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
                                    "(SELECT count(*) FROM judgments WHERE evaluation=evaluations.id AND undone IS "
                                    "NULL) FROM evaluations ORDER BY id");
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

std::vector<EvaluationItemRow> Project::evaluationItems(std::int64_t evaluation) const
{
    return m_d->read([&] {
        std::vector<EvaluationItemRow> rows;
        auto query = m_d->statement("SELECT i.number, i.prompt, iif(i.a_is_left, response_a, response_b), "
                                    "iif(i.a_is_left, response_b, response_a), j.verdict, j.comment, j.seconds "
                                    "FROM evaluation_items i LEFT JOIN judgments j ON j.evaluation=i.evaluation "
                                    "AND j.number=i.number AND j.undone IS NULL WHERE i.evaluation=? ORDER BY i.number",
            evaluation);
        while (query.executeStep()) {
            EvaluationItemRow row;
            row.number = query.getColumn(0).getInt64();
            row.prompt = query.getColumn(1).getString();
            row.left = query.getColumn(2).getString();
            row.right = query.getColumn(3).getString();
            if (const auto verdict = query.getColumn(4); !verdict.isNull()) {
                row.verdict = enumFrom(verdict, Verdict::BothBad);
                row.comment = query.getColumn(5).getString();
                row.seconds = query.getColumn(6).getDouble();
            }
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

void Project::judge(
    std::int64_t evaluation, std::int64_t number, Verdict verdict, const std::string& comment, double seconds)
{
    m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        auto item
            = m_d->statement("SELECT 1 FROM evaluation_items WHERE evaluation=? AND number=?", evaluation, number);
        if (!item.executeStep())
            fail("The evaluation {} has no item {}", evaluation, number);
        // A second verdict takes the place of the first, which stays in the log as undone.
        m_d->statement("UPDATE judgments SET undone=? WHERE evaluation=? AND number=? AND undone IS NULL", nowUtc(),
               evaluation, number)
            .exec();
        m_d->statement(
               "INSERT INTO judgments(evaluation, number, verdict, comment, seconds, created) VALUES(?, ?, ?, ?, ?, ?)",
               evaluation, number, std::int64_t(verdict), comment, seconds, nowUtc())
            .exec();
    });
}

void Project::undoJudgment(std::int64_t evaluation, std::int64_t number)
{
    m_d->write([&] {
        m_d->requireEvaluation(evaluation, false);
        m_d->statement("UPDATE judgments SET undone=? WHERE evaluation=? AND number=? AND undone IS NULL", nowUtc(),
               evaluation, number)
            .exec();
    });
}

void Project::closeEvaluation(std::int64_t evaluation)
{
    m_d->write([&] {
        if (m_d->statement("UPDATE evaluations SET closed=1 WHERE id=?", evaluation).exec() == 0)
            fail("There is no evaluation {} in {}", evaluation, m_d->folder.string());
    });
}

std::vector<EvaluationItemInput> Project::evaluationKey(std::int64_t evaluation) const
{
    return m_d->read([&] {
        m_d->requireEvaluation(evaluation, true);
        std::vector<EvaluationItemInput> items;
        auto query = m_d->statement("SELECT prompt, response_a, response_b, a_is_left, pair FROM evaluation_items "
                                    "WHERE evaluation=? ORDER BY number",
            evaluation);
        while (query.executeStep()) {
            EvaluationItemInput item;
            item.prompt = query.getColumn(0).getString();
            item.responseA = query.getColumn(1).getString();
            item.responseB = query.getColumn(2).getString();
            item.aIsLeft = query.getColumn(3).getInt() != 0;
            item.pair = query.getColumn(4).getInt64();
            items.push_back(std::move(item));
        }
        return items;
    });
}

} // namespace mpo
