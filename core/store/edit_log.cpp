// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo {

namespace {

constexpr std::size_t kLongestName = 200;

void requireOneLine(const std::string& who)
{
    if (who.size() > kLongestName
        || std::ranges::any_of(who, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        fail("\"{}\" cannot be a name: it is one line of at most {} bytes", shortened(toPrintable(who), 40),
            kLongestName);
}

} // namespace

std::int64_t Project::Private::datasetId(const std::string& name)
{
    auto query = statement("SELECT id FROM datasets WHERE name=?", name);
    if (!query.executeStep())
        failUnknown("datasets", "data set", name);
    return query.getColumn(0).getInt64();
}

std::vector<PairChange> Project::Private::pairEditLog(std::int64_t dataset)
{
    std::vector<PairChange> log;
    auto query = statement("SELECT number, kind, edit, of, who, created, pairs FROM pair_edits WHERE dataset=? "
                           "ORDER BY number",
        dataset);
    while (query.executeStep()) {
        PairChange change;
        change.number = query.getColumn(0).getInt64();
        change.kind = enumFrom(query.getColumn(1), PairChange::Kind::Redo);
        change.edit = enumFrom(query.getColumn(2), PairEdit::Drop);
        change.of = query.getColumn(3).getInt64();
        change.who = query.getColumn(4).getString();
        change.created = query.getColumn(5).getString();
        change.pairs = itemsFrom<std::int64_t>(query.getColumn(6), "the log of edits");
        if (change.number != std::int64_t(log.size()) + 1
            || (change.kind != PairChange::Kind::Edit && (change.of < 1 || change.of >= change.number)))
            fail("project.db is damaged: the log of edits has no entry {}", log.size() + 1);
        if (change.kind != PairChange::Kind::Edit) {
            const PairChange& meant = log[std::size_t(change.of - 1)];
            change.edit = meant.edit;
            change.pairs = meant.pairs;
        }
        log.push_back(std::move(change));
    }
    return log;
}

void Project::Private::insertPairChange(std::int64_t dataset, const PairChange& change)
{
    auto insert = statement(
        "INSERT INTO pair_edits(dataset, number, kind, edit, of, who, created, pairs) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        dataset, change.number, std::int64_t(change.kind), std::int64_t(change.edit), change.of, change.who,
        change.created);
    const std::vector<std::int64_t> stored
        = change.kind == PairChange::Kind::Edit ? change.pairs : std::vector<std::int64_t>();
    bindItems(insert, 8, stored);
    insert.exec();
}

std::optional<PairChange> Project::editPairs(
    const std::string& dataset, PairEdit edit, std::vector<std::int64_t> pairs, const std::string& who)
{
    requireOneLine(who);
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    return m_d->write([&]() -> std::optional<PairChange> {
        auto query = m_d->statement("SELECT id, kind, pairs FROM datasets WHERE name=?", dataset);
        if (!query.executeStep())
            m_d->failUnknown("datasets", "data set", dataset);
        const std::int64_t id = query.getColumn(0).getInt64(), count = query.getColumn(2).getInt64();
        if (enumFrom(query.getColumn(1), DatasetKind::Prompts) != DatasetKind::Pairs)
            fail("{}: only preference pairs can be flipped or dropped, and this data set has none", dataset);
        if (!pairs.empty() && (pairs.front() < 0 || pairs.back() >= count))
            fail("{}: there is no pair {}; the data set has {}", dataset,
                (pairs.front() < 0 ? pairs.front() : pairs.back()) + 1, count);
        const std::vector<PairChange> log = m_d->pairEditLog(id);
        const PairEdits now = editsAfter(log);
        std::erase_if(pairs, [&](std::int64_t pair) { return now.of(pair) == edit; });
        if (pairs.empty())
            return std::nullopt;
        PairChange change;
        change.number = std::int64_t(log.size()) + 1;
        change.edit = edit;
        change.pairs = std::move(pairs);
        change.who = who;
        change.created = nowUtc();
        m_d->insertPairChange(id, change);
        return change;
    });
}

std::optional<PairChange> Project::Private::repeatPairEdit(
    const std::string& dataset, PairChange::Kind kind, const std::string& who)
{
    requireOneLine(who);
    return write([&]() -> std::optional<PairChange> {
        const std::int64_t id = datasetId(dataset);
        const std::vector<PairChange> log = pairEditLog(id);
        const std::optional<std::int64_t> meant = kind == PairChange::Kind::Undo ? undoable(log) : redoable(log);
        if (!meant)
            return std::nullopt;
        PairChange change = log[std::size_t(*meant - 1)];
        change.number = std::int64_t(log.size()) + 1;
        change.kind = kind;
        change.of = *meant;
        change.who = who;
        change.created = nowUtc();
        insertPairChange(id, change);
        return change;
    });
}

std::optional<PairChange> Project::undoPairEdit(const std::string& dataset, const std::string& who)
{
    return m_d->repeatPairEdit(dataset, PairChange::Kind::Undo, who);
}

std::optional<PairChange> Project::redoPairEdit(const std::string& dataset, const std::string& who)
{
    return m_d->repeatPairEdit(dataset, PairChange::Kind::Redo, who);
}

std::vector<PairChange> Project::pairEditLog(const std::string& dataset) const
{
    return m_d->read([&] { return m_d->pairEditLog(m_d->datasetId(dataset)); });
}

PairEdits Project::pairEdits(const std::string& dataset, std::optional<std::int64_t> revision) const
{
    std::vector<PairChange> log = pairEditLog(dataset);
    const auto last = std::int64_t(log.size());
    if (revision && (*revision < 0 || *revision > last))
        fail("{}: there is no revision {} of its pairs; its log of edits has {} entries (`mpo data edits {}`)", dataset,
            *revision, last, dataset);
    log.resize(std::size_t(revision.value_or(last)));
    return editsAfter(log);
}

} // namespace mpo
