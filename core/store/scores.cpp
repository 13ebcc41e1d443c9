// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

namespace mpo {

static_assert(sizeof(PairScore) == 2 * sizeof(double) && sizeof(Bucket) == 1);

namespace {

constexpr const char* kSplitQuery
    = "SELECT id, name, dataset, score_set, rule, value, absolute, contradictory, action, "
      "threshold, created, buckets, edits, flipped FROM splits";

SplitRow splitFrom(SQLite::Statement& query)
{
    SplitRow row;
    row.id = query.getColumn(0).getInt64();
    row.name = query.getColumn(1).getString();
    row.dataset = query.getColumn(2).getString();
    row.scoreSet = query.getColumn(3).getString();
    auto& rule = row.split.rule;
    rule.by = enumFrom(query.getColumn(4), SplitRule::By::EasyShare);
    rule.value = query.getColumn(5).getDouble();
    rule.absolute = query.getColumn(6).getInt() != 0;
    if (const auto contradictory = query.getColumn(7); !contradictory.isNull())
        rule.contradictory = contradictory.getDouble();
    rule.action = enumFrom(query.getColumn(8), ContradictoryAction::Keep);
    row.split.threshold = query.getColumn(9).getDouble();
    row.created = query.getColumn(10).getString();
    row.split.buckets = itemsFrom<Bucket>(query.getColumn(11), row.name);
    for (const auto bucket : row.split.buckets)
        if (bucket > Bucket::Dropped)
            fail("project.db is damaged: the split \"{}\" holds an unknown bucket", row.name);
    row.split.edits = query.getColumn(12).getInt64();
    row.split.flippedByHand = itemsFrom<std::int64_t>(query.getColumn(13), row.name);
    return row;
}

} // namespace

std::int64_t Project::addScoreSet(const ScoreSetRow& row, const std::vector<PairScore>& scores)
{
    return m_d->write([&] {
        m_d->requireNewName("score_sets", "score set", row.name);
        auto insert
            = m_d->statement("INSERT INTO score_sets(name, dataset, reward_model, held_out, pairs, created, scores) "
                             "VALUES(?, ?, ?, ?, ?, ?, ?)",
                row.name, row.dataset, row.rewardModel, std::int64_t(row.heldOut), std::int64_t(scores.size()),
                row.created.empty() ? nowUtc() : row.created);
        bindItems(insert, 7, scores);
        insert.exec();
        return m_d->database.getLastInsertRowid();
    });
}

std::vector<ScoreSetRow> Project::scoreSets() const
{
    return m_d->read([&] {
        std::vector<ScoreSetRow> rows;
        auto query = m_d->statement(
            "SELECT id, name, dataset, reward_model, held_out, pairs, created FROM score_sets ORDER BY id");
        while (query.executeStep()) {
            ScoreSetRow row;
            row.id = query.getColumn(0).getInt64();
            row.name = query.getColumn(1).getString();
            row.dataset = query.getColumn(2).getString();
            row.rewardModel = query.getColumn(3).getString();
            row.heldOut = query.getColumn(4).getInt() != 0;
            row.pairs = query.getColumn(5).getInt64();
            row.created = query.getColumn(6).getString();
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

std::vector<PairScore> Project::loadScores(const std::string& name) const
{
    return m_d->read([&] {
        auto query = m_d->statement("SELECT scores FROM score_sets WHERE name=?", name);
        if (!query.executeStep())
            m_d->failUnknown("score_sets", "score set", name);
        return itemsFrom<PairScore>(query.getColumn(0), name);
    });
}

std::int64_t Project::addSplit(const SplitRow& row)
{
    return m_d->write([&] {
        auto old = m_d->statement("SELECT id FROM splits WHERE name=?", row.name);
        std::optional<std::int64_t> id;
        if (old.executeStep())
            id = old.getColumn(0).getInt64();
        else
            m_d->requireNewName("splits", "split", row.name);
        const auto& rule = row.split.rule;
        auto insert
            = m_d->statement("INSERT OR REPLACE INTO splits(id, name, dataset, score_set, rule, value, absolute, "
                             "contradictory, action, threshold, created, edits, buckets, flipped) "
                             "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                id, row.name, row.dataset, row.scoreSet, std::int64_t(rule.by), rule.value, std::int64_t(rule.absolute),
                rule.contradictory, std::int64_t(rule.action), row.split.threshold,
                row.created.empty() ? nowUtc() : row.created, row.split.edits);
        bindItems(insert, 13, row.split.buckets);
        bindItems(insert, 14, row.split.flippedByHand);
        insert.exec();
        return m_d->database.getLastInsertRowid();
    });
}

std::vector<SplitRow> Project::splits() const
{
    return m_d->read([&] {
        std::vector<SplitRow> rows;
        auto query = m_d->statement(fmt::format("{} ORDER BY id", kSplitQuery).c_str());
        while (query.executeStep())
            rows.push_back(splitFrom(query));
        return rows;
    });
}

SplitRow Project::loadSplit(const std::string& name) const
{
    return m_d->read([&] {
        auto query = m_d->statement(fmt::format("{} WHERE name=?", kSplitQuery).c_str(), name);
        if (!query.executeStep())
            m_d->failUnknown("splits", "split", name);
        return splitFrom(query);
    });
}

} // namespace mpo
