// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

#include <fmt/format.h>

#include <algorithm>

namespace mpo {

namespace {

constexpr const char* kWhat = "data set";

std::string idsText(const PreferencePair& pair)
{
    return Json::array({pair.promptIds, pair.chosenIds, pair.rejectedIds}).dump();
}

void readIds(const std::string& text, PreferencePair& pair)
{
    const auto ids = parseJson(text, "project.db: token ids of a pair");
    try {
        pair.promptIds = ids.at(0).get<TokenIds>();
        pair.chosenIds = ids.at(1).get<TokenIds>();
        pair.rejectedIds = ids.at(2).get<TokenIds>();
    } catch (const Json::exception&) {
        fail("project.db is damaged: the token ids of a pair cannot be read");
    }
}

/// The text of a file name or record may hold bytes that are not UTF-8; nothing must fail over them.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string turnsText(const PreferencePair& pair)
{
    Json turns = Json::array();
    for (const ChatMessage& turn : pair.turns)
        turns.push_back(Json::array({turn.role, turn.content}));
    return dump(turns);
}

void readTurns(const std::string& text, PreferencePair& pair)
{
    const auto turns = parseJson(text, "project.db: turns of a pair");
    try {
        for (const Json& turn : turns)
            pair.turns.push_back({turn.at(0).get<std::string>(), turn.at(1).get<std::string>()});
    } catch (const Json::exception&) {
        fail("project.db is damaged: the turns of a pair cannot be read");
    }
}

Json reportJson(const ImportReport& report)
{
    Json issues = Json::array();
    for (const auto& issue : report.issues)
        issues.push_back(Json::array({int(issue.kind), issue.line, issue.reason}));
    Json mapping = Json::array();
    for (const auto& [field, from] : report.mapping)
        mapping.push_back(Json::array({field, from}));
    return {{"file", report.file}, {"format", report.format}, {"records", report.records},
        {"imported", report.imported}, {"malformed", report.malformed}, {"empty_answers", report.emptyAnswers},
        {"identical_responses", report.identicalResponses}, {"duplicates", report.duplicates}, {"ties", report.ties},
        {"unpaired", report.unpaired}, {"kind", int(report.kind)}, {"mapping", std::move(mapping)},
        {"issues", std::move(issues)}};
}

ImportReport reportFrom(const std::string& text)
{
    const auto json = parseJson(text, "project.db: import report");
    try {
        ImportReport report;
        report.file = json.at("file").get<std::string>();
        report.format = json.at("format").get<std::string>();
        report.records = json.at("records").get<std::int64_t>();
        report.imported = json.at("imported").get<std::int64_t>();
        report.malformed = json.at("malformed").get<std::int64_t>();
        report.emptyAnswers = json.at("empty_answers").get<std::int64_t>();
        report.identicalResponses = json.at("identical_responses").get<std::int64_t>();
        report.duplicates = json.at("duplicates").get<std::int64_t>();
        // Reports of older programs lack these.
        report.ties = json.value("ties", std::int64_t(0));
        report.unpaired = json.value("unpaired", std::int64_t(0));
        report.kind = DatasetKind(json.value("kind", int(DatasetKind::Pairs)));
        for (const auto& source : json.value("mapping", Json::array()))
            report.mapping.push_back({source.at(0).get<std::string>(), source.at(1).get<std::string>()});
        for (const auto& issue : json.at("issues"))
            report.issues.push_back({ImportIssue::Kind(issue.at(0).get<int>()), issue.at(1).get<std::int64_t>(),
                issue.at(2).get<std::string>()});
        return report;
    } catch (const Json::exception&) {
        fail("project.db is damaged: an import report cannot be read");
    }
}

constexpr const char* kColumns = "id, name, digest, source, kind, pairs, created";

DatasetRow rowFrom(SQLite::Statement& query)
{
    DatasetRow row;
    row.id = query.getColumn(0).getInt64();
    row.name = query.getColumn(1).getString();
    row.digest = query.getColumn(2).getString();
    row.source = query.getColumn(3).getString();
    row.kind = enumFrom(query.getColumn(4), DatasetKind::Prompts);
    row.pairs = query.getColumn(5).getInt64();
    row.created = query.getColumn(6).getString();
    return row;
}

std::optional<double> numberOrNothing(const SQLite::Column& column)
{
    return column.isNull() ? std::nullopt : std::optional(column.getDouble());
}

std::vector<PreferencePair> pairsFrom(SQLite::Statement query)
{
    std::vector<PreferencePair> pairs;
    while (query.executeStep()) {
        PreferencePair pair;
        pair.prompt = query.getColumn(0).getString();
        pair.chosen = query.getColumn(1).getString();
        pair.rejected = query.getColumn(2).getString();
        pair.line = query.getColumn(3).getInt64();
        if (const auto ids = query.getColumn(4); !ids.isNull())
            readIds(ids.getString(), pair);
        if (const auto turns = query.getColumn(5); !turns.isNull())
            readTurns(turns.getString(), pair);
        pair.confidence = numberOrNothing(query.getColumn(6));
        pair.margin = numberOrNothing(query.getColumn(7));
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

constexpr const char* kPairsQuery = "SELECT prompt, chosen, rejected, line, ids, turns, confidence, margin FROM pairs "
                                    "WHERE id >= ? AND id < ? ORDER BY id";

} // namespace

std::int64_t Project::Private::firstFreePair()
{
    return database.execAndGet("SELECT coalesce(max(first_pair + pairs), 1) FROM datasets").getInt64();
}

void Project::Private::dropLoosePairs() { statement("DELETE FROM pairs WHERE id >= ?", firstFreePair()).exec(); }

void Project::Private::insertPairs(std::int64_t firstId, const std::vector<PreferencePair>& pairs)
{
    auto insert = statement("INSERT INTO pairs(id, prompt, chosen, rejected, line, ids, turns, confidence, margin) "
                            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& pair : pairs) {
        insert.bind(1, firstId++);
        insert.bindNoCopy(2, pair.prompt);
        insert.bindNoCopy(3, pair.chosen);
        insert.bindNoCopy(4, pair.rejected);
        insert.bind(5, pair.line);
        if (pair.hasIds())
            insert.bind(6, idsText(pair));
        if (!pair.turns.empty())
            insert.bind(7, turnsText(pair));
        if (pair.confidence)
            insert.bind(8, *pair.confidence);
        if (pair.margin)
            insert.bind(9, *pair.margin);
        insert.exec();
        insert.reset();
        insert.clearBindings();
    }
}

void Project::Private::insertDataset(const DatasetRow& row, std::int64_t firstPair, const ImportReport* report)
{
    requireNewName("datasets", kWhat, row.name);
    statement("INSERT INTO datasets(name, kind, digest, source, first_pair, pairs, created, report) "
              "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        row.name, std::int64_t(row.kind), row.digest, row.source, firstPair, row.pairs, nowUtc(),
        report ? std::optional(dump(reportJson(*report))) : std::nullopt)
        .exec();
}

std::int64_t Project::addDataset(const Dataset& dataset, const std::string& source, const ImportReport* report)
{
    DatasetRow row;
    row.name = dataset.name;
    row.kind = dataset.kind;
    row.digest = dataset.digest();
    row.source = source;
    row.pairs = std::int64_t(dataset.pairs.size());
    return m_d->write([&] {
        if (m_d->addingDataset)
            fail("{}: another data set is being imported; try again when that has finished", m_d->folder.string());
        const auto firstPair = m_d->firstFreePair();
        m_d->insertDataset(row, firstPair, report);
        const auto id = m_d->database.getLastInsertRowid();
        m_d->insertPairs(firstPair, dataset.pairs);
        return id;
    });
}

std::vector<DatasetRow> Project::datasets() const
{
    return m_d->read([&] {
        std::vector<DatasetRow> rows;
        auto query = m_d->statement(fmt::format("SELECT {} FROM datasets ORDER BY id", kColumns).c_str());
        while (query.executeStep())
            rows.push_back(rowFrom(query));
        return rows;
    });
}

std::optional<DatasetRow> Project::dataset(const std::string& name) const
{
    return m_d->read([&]() -> std::optional<DatasetRow> {
        auto query = m_d->statement(fmt::format("SELECT {} FROM datasets WHERE name=?", kColumns).c_str(), name);
        if (!query.executeStep())
            return std::nullopt;
        return rowFrom(query);
    });
}

Dataset Project::loadDataset(const std::string& name) const
{
    return m_d->read([&] {
        auto query = m_d->statement("SELECT kind, first_pair, pairs FROM datasets WHERE name=?", name);
        if (!query.executeStep())
            m_d->failUnknown("datasets", kWhat, name);
        Dataset dataset;
        dataset.name = name;
        dataset.kind = enumFrom(query.getColumn(0), DatasetKind::Prompts);
        const auto first = query.getColumn(1).getInt64(), count = query.getColumn(2).getInt64();
        dataset.pairs = pairsFrom(m_d->statement(kPairsQuery, first, first + count));
        if (std::int64_t(dataset.pairs.size()) != count)
            fail("{}: the data set \"{}\" is damaged: {} of its {} pairs are there", m_d->file.string(), name,
                dataset.pairs.size(), count);
        return dataset;
    });
}

std::vector<PreferencePair> Project::pairs(const std::string& dataset, std::int64_t first, std::int64_t count) const
{
    return m_d->read([&] {
        auto query = m_d->statement("SELECT first_pair, pairs FROM datasets WHERE name=?", dataset);
        if (!query.executeStep())
            m_d->failUnknown("datasets", kWhat, dataset);
        const auto base = query.getColumn(0).getInt64(), total = query.getColumn(1).getInt64();
        const auto from = std::clamp(first, std::int64_t(0), total);
        const auto to = from + std::clamp(count, std::int64_t(0), total - from);
        return pairsFrom(m_d->statement(kPairsQuery, base + from, base + to));
    });
}

std::optional<ImportReport> Project::importReport(const std::string& dataset) const
{
    return m_d->read([&]() -> std::optional<ImportReport> {
        auto query = m_d->statement("SELECT report FROM datasets WHERE name=?", dataset);
        if (!query.executeStep())
            m_d->failUnknown("datasets", kWhat, dataset);
        const auto text = textOrNothing(query.getColumn(0));
        return text ? std::optional(reportFrom(*text)) : std::nullopt;
    });
}

void Project::removeDataset(const std::string& name)
{
    m_d->write([&] {
        auto user = m_d->statement("SELECT 'score set', name FROM score_sets WHERE dataset=?1 "
                                   "UNION ALL SELECT 'split', name FROM splits WHERE dataset=?1",
            name);
        if (user.executeStep())
            fail("The data set \"{}\" cannot be removed: the {} \"{}\" was made from it", name,
                user.getColumn(0).getString(), user.getColumn(1).getString());
        auto query = m_d->statement("SELECT id, first_pair, pairs FROM datasets WHERE name=?", name);
        if (!query.executeStep())
            m_d->failUnknown("datasets", kWhat, name);
        const auto id = query.getColumn(0).getInt64();
        const auto first = query.getColumn(1).getInt64(), count = query.getColumn(2).getInt64();
        m_d->statement("DELETE FROM pairs WHERE id >= ? AND id < ?", first, first + count).exec();
        m_d->statement("DELETE FROM pair_edits WHERE dataset=?", id).exec();
        m_d->statement("DELETE FROM datasets WHERE id=?", id).exec();
    });
}

} // namespace mpo
