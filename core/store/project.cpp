// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"

#include "core/store/schema.h"
#include "core/support/error.h"
#include "core/support/file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo {

std::string_view runStateName(RunState state)
{
    switch (state) {
    case RunState::Running:
        return "running";
    case RunState::Finished:
        return "finished";
    case RunState::Stopped:
        return "stopped";
    case RunState::Failed:
        return "failed";
    case RunState::Interrupted:
        return "interrupted";
    }
    return "";
}

std::string nowUtc()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts {};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

fs::path defaultProjectFolder()
{
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    const fs::path base = data && *data ? fs::path(data) : fs::path(home ? home : ".") / ".local" / "share";
    return base / "mpo-studio" / "default.mpo";
}

struct Project::Private
{
    fs::path folder;
    Access access = Access::ReadWrite;
    int lock = -1;
    std::unique_ptr<SQLite::Database> database;
    mutable std::mutex mutex; ///< guards the connection

    ~Private()
    {
        database.reset();
        if (lock >= 0)
            ::close(lock);
    }

    /// Runs `work` with the connection; SQLite's failures become one sentence.
    template<class Work>
    auto with(Work work) const
    {
        const std::lock_guard guard(mutex);
        try {
            return work(*database);
        } catch (const SQLite::Exception& error) {
            if (error.getErrorCode() == SQLITE_FULL)
                fail("{}: the disk is full; nothing was changed", folder.string());
            if (error.getErrorCode() == SQLITE_READONLY)
                fail("{}: the project is open for reading only", folder.string());
            fail("{}: the project's database reports: {}", (folder / "project.db").string(), error.what());
        }
    }
};

namespace {

constexpr auto kDatabase = "project.db";

std::string idsText(const PreferencePair& pair)
{
    return pair.hasIds() ? toLine(Json {pair.promptIds, pair.chosenIds, pair.rejectedIds}) : std::string();
}

PreferencePair pairFrom(SQLite::Statement& row)
{
    PreferencePair pair;
    pair.prompt = row.getColumn(0).getString();
    pair.chosen = row.getColumn(1).getString();
    pair.rejected = row.getColumn(2).getString();
    if (const std::string ids = row.getColumn(3).getString(); !ids.empty()) {
        const Json lists = parseJson(ids, "project.db");
        pair.promptIds = lists.at(0).get<TokenIds>();
        pair.chosenIds = lists.at(1).get<TokenIds>();
        pair.rejectedIds = lists.at(2).get<TokenIds>();
    }
    pair.line = row.getColumn(4).getInt64();
    return pair;
}

constexpr auto kPairColumns = "SELECT prompt, chosen, rejected, ids, line FROM pairs WHERE dataset = ? ";

constexpr auto kRunColumns
    = "SELECT id, stage, name, state, message, config, parents, steps, total_steps, started, ended, folder FROM runs ";

RunRow runFrom(SQLite::Statement& row)
{
    return {row.getColumn(0).getInt64(), row.getColumn(1).getString(), row.getColumn(2).getString(), RunState(row.getColumn(3).getInt()),
        row.getColumn(4).getString(), parseJson(row.getColumn(5).getString(), "project.db"),
        parseJson(row.getColumn(6).getString(), "project.db").get<std::vector<std::string>>(), row.getColumn(7).getInt64(),
        row.getColumn(8).getInt64(), row.getColumn(9).getString(), row.getColumn(10).getString(), row.getColumn(11).getString()};
}

Json reportToJson(const ImportReport& report)
{
    Json json {{"file", report.file}, {"format", report.format}, {"records", report.records}, {"imported", report.imported},
        {"malformed", report.malformed}, {"empty", report.emptyAnswers}, {"identical", report.identicalResponses},
        {"duplicates", report.duplicates}, {"issues", Json::array()}};
    for (const ImportIssue& issue : report.issues)
        json["issues"].push_back({int(issue.kind), issue.line, issue.reason});
    return json;
}

ImportReport reportFrom(const Json& json)
{
    ImportReport report;
    report.file = json.at("file").get<std::string>();
    report.format = json.at("format").get<std::string>();
    report.records = json.at("records").get<std::int64_t>();
    report.imported = json.at("imported").get<std::int64_t>();
    report.malformed = json.at("malformed").get<std::int64_t>();
    report.emptyAnswers = json.at("empty").get<std::int64_t>();
    report.identicalResponses = json.at("identical").get<std::int64_t>();
    report.duplicates = json.at("duplicates").get<std::int64_t>();
    for (const Json& issue : json.at("issues"))
        report.issues.push_back({ImportIssue::Kind(issue.at(0).get<int>()), issue.at(1).get<std::int64_t>(), issue.at(2).get<std::string>()});
    return report;
}

template<class T>
std::vector<T> fromBlob(const SQLite::Column& column)
{
    std::vector<T> values(std::size_t(column.getBytes()) / sizeof(T));
    if (!values.empty())
        std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(T));
    return values;
}

template<class Row>
std::string namesOf(const std::vector<Row>& rows)
{
    std::string names;
    for (const Row& row : rows)
        names += (names.empty() ? "" : ", ") + row.name;
    return names.empty() ? "none yet" : names;
}

} // namespace

Project::Project(std::unique_ptr<Private> d)
    : m_d(std::move(d))
{
}

Project::~Project() = default;

bool Project::isProject(const fs::path& folder)
{
    return fs::exists(folder / kDatabase);
}

std::shared_ptr<Project> Project::open(const fs::path& folder, Access access)
{
    auto d = std::make_unique<Private>();
    d->folder = fs::absolute(folder).lexically_normal();
    d->access = access;
    const fs::path file = d->folder / kDatabase;
    if (access == Access::ReadOnly && !fs::exists(file))
        fail("{}: this folder is not a project (there is no {})", d->folder.string(), kDatabase);
    if (!fs::exists(file) && fs::exists(d->folder) && !fs::is_empty(d->folder))
        fail("{}: the folder is neither empty nor a project; name another one", d->folder.string());
    try {
        if (access == Access::ReadWrite) {
            fs::create_directories(d->folder / "models");
            fs::create_directories(d->folder / "runs");
            const fs::path lock = d->folder / "project.lock";
            d->lock = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
            if (d->lock < 0)
                fail("{}: cannot be written ({})", lock.string(), std::strerror(errno));
            if (::flock(d->lock, LOCK_EX | LOCK_NB) != 0) {
                std::string owner;
                std::ifstream(lock) >> owner;
                fail("{}: another program has this project open (process {}); close it or use another project", d->folder.string(),
                    owner.empty() ? "unknown" : owner);
            }
            const std::string pid = std::to_string(::getpid()) + "\n";
            if (::ftruncate(d->lock, 0) != 0 || ::pwrite(d->lock, pid.data(), pid.size(), 0) < 0)
                fail("{}: cannot be written ({})", lock.string(), std::strerror(errno));
        }
        const bool writes = access == Access::ReadWrite;
        d->database = std::make_unique<SQLite::Database>(file.string(), writes ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY, 5000);
        if (writes) {
            // One process writes and checkpoints, so the WAL-reset bug of SQLite before 3.51.3 cannot strike.
            d->database->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            migrate(*d->database);
            d->database->exec("UPDATE runs SET state = 4, message = 'The program ended before the run did', ended = '" + nowUtc() + "' WHERE state = 0");
        }
    } catch (const SQLite::Exception& error) {
        fail("{}: cannot be opened as a project ({})", file.string(), error.what());
    } catch (const fs::filesystem_error& error) {
        fail("{}: cannot be written ({})", d->folder.string(), error.code().message());
    } catch (const Error& error) {
        if (std::string_view(error.what()).starts_with(d->folder.string()))
            throw;
        fail("{}: {}", d->folder.string(), error.what());
    }
    return std::shared_ptr<Project>(new Project(std::move(d)));
}

const fs::path& Project::folder() const { return m_d->folder; }
Project::Access Project::access() const { return m_d->access; }

std::string Project::name() const
{
    return m_d->folder.extension() == ".mpo" ? m_d->folder.stem().string() : m_d->folder.filename().string();
}

// ---- data sets ------------------------------------------------------------------------------------------------------

std::int64_t Project::addDataset(const Dataset& dataset, const std::string& source, const ImportReport* report)
{
    return m_d->with([&](SQLite::Database& database) {
        SQLite::Transaction transaction(database);
        SQLite::Statement add(database, "INSERT INTO datasets (name, digest, source, kind, pairs, created, report) VALUES (?, ?, ?, ?, ?, ?, ?)");
        add.bind(1, dataset.name);
        add.bind(2, dataset.digest());
        add.bind(3, source);
        add.bind(4, int(dataset.kind));
        add.bind(5, std::int64_t(dataset.pairs.size()));
        add.bind(6, nowUtc());
        if (report)
            add.bind(7, toLine(reportToJson(*report)));
        add.exec();
        const std::int64_t id = database.getLastInsertRowid();
        SQLite::Statement pair(database, "INSERT INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?)");
        for (std::size_t i = 0; i < dataset.pairs.size(); ++i) {
            const PreferencePair& row = dataset.pairs[i];
            pair.bind(1, id);
            pair.bind(2, std::int64_t(i));
            pair.bind(3, row.prompt);
            pair.bind(4, row.chosen);
            pair.bind(5, row.rejected);
            pair.bind(6, idsText(row));
            pair.bind(7, row.line);
            pair.exec();
            pair.reset();
        }
        transaction.commit();
        return id;
    });
}

std::vector<DatasetRow> Project::datasets() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<DatasetRow> rows;
        SQLite::Statement query(database, "SELECT id, name, digest, source, kind, pairs, created FROM datasets ORDER BY id");
        while (query.executeStep())
            rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                query.getColumn(3).getString(), DatasetKind(query.getColumn(4).getInt()), query.getColumn(5).getInt64(), query.getColumn(6).getString()});
        return rows;
    });
}

std::optional<DatasetRow> Project::dataset(const std::string& name) const
{
    for (DatasetRow& row : datasets())
        if (row.name == name)
            return std::move(row);
    return std::nullopt;
}

Dataset Project::loadDataset(const std::string& name) const
{
    const auto row = dataset(name);
    if (!row)
        fail("There is no data set \"{}\" in the project; there are: {}", name, namesOf(datasets()));
    return {row->name, row->kind, pairs(name, 0, row->pairs)};
}

std::vector<PreferencePair> Project::pairs(const std::string& name, std::int64_t first, std::int64_t count) const
{
    const auto row = dataset(name);
    if (!row)
        fail("There is no data set \"{}\" in the project; there are: {}", name, namesOf(datasets()));
    return m_d->with([&](SQLite::Database& database) {
        std::vector<PreferencePair> result;
        SQLite::Statement query(database, std::string(kPairColumns) + "AND position >= ? ORDER BY position LIMIT ?");
        query.bind(1, row->id);
        query.bind(2, first);
        query.bind(3, count);
        while (query.executeStep())
            result.push_back(pairFrom(query));
        return result;
    });
}

std::optional<ImportReport> Project::importReport(const std::string& name) const
{
    return m_d->with([&](SQLite::Database& database) -> std::optional<ImportReport> {
        SQLite::Statement query(database, "SELECT report FROM datasets WHERE name = ?");
        query.bind(1, name);
        if (!query.executeStep() || query.getColumn(0).isNull())
            return std::nullopt;
        return reportFrom(parseJson(query.getColumn(0).getString(), "project.db"));
    });
}

void Project::removeDataset(const std::string& name)
{
    for (const ScoreSetRow& row : scoreSets())
        if (row.dataset == name)
            fail("{}: the score set {} was made from this data set; it is kept", name, row.name);
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement remove(database, "DELETE FROM datasets WHERE name = ?");
        remove.bind(1, name);
        remove.exec();
    });
}

// ---- models ---------------------------------------------------------------------------------------------------------

std::int64_t Project::addModel(const ModelRow& model)
{
    return m_d->with([&](SQLite::Database& database) {
        SQLite::Statement add(database,
            "INSERT OR REPLACE INTO models (name, folder, kind, family, digest, parameters, run, parent, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        add.bind(1, model.name);
        add.bind(2, model.folder);
        add.bind(3, model.kind);
        add.bind(4, model.family);
        add.bind(5, model.digest);
        add.bind(6, model.parameters);
        if (model.run)
            add.bind(7, *model.run);
        if (model.parent)
            add.bind(8, *model.parent);
        add.bind(9, model.created.empty() ? nowUtc() : model.created);
        add.exec();
        return database.getLastInsertRowid();
    });
}

std::vector<ModelRow> Project::models() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<ModelRow> rows;
        SQLite::Statement query(database, "SELECT id, name, folder, kind, family, digest, parameters, run, parent, created FROM models ORDER BY id");
        while (query.executeStep()) {
            ModelRow row {query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(), query.getColumn(3).getString(),
                query.getColumn(4).getString(), query.getColumn(5).getString(), query.getColumn(6).getInt64(), {}, {}, query.getColumn(9).getString()};
            if (!query.getColumn(7).isNull())
                row.run = query.getColumn(7).getInt64();
            if (!query.getColumn(8).isNull())
                row.parent = query.getColumn(8).getString();
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

std::optional<ModelRow> Project::model(const std::string& name) const
{
    for (ModelRow& row : models())
        if (row.name == name)
            return std::move(row);
    return std::nullopt;
}

fs::path Project::modelFolder(const std::string& name) const
{
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
        fail("\"{}\" cannot be the name of a model; use letters, digits, - and _", name);
    return m_d->folder / "models" / name;
}

// ---- runs -----------------------------------------------------------------------------------------------------------

std::int64_t Project::beginRun(const std::string& stage, const std::string& name, const Json& config, const std::vector<std::string>& parents)
{
    const std::int64_t id = m_d->with([&](SQLite::Database& database) {
        SQLite::Statement add(database, "INSERT INTO runs (stage, name, state, message, config, parents, steps, total_steps, started, ended, folder)"
                                        " VALUES (?, ?, 0, '', ?, ?, 0, 0, ?, '', '')");
        add.bind(1, stage);
        add.bind(2, name);
        add.bind(3, toLine(config));
        add.bind(4, toLine(Json(parents)));
        add.bind(5, nowUtc());
        add.exec();
        const std::int64_t run = database.getLastInsertRowid();
        SQLite::Statement folder(database, "UPDATE runs SET folder = ? WHERE id = ?");
        folder.bind(1, fmt::format("runs/{}-{}", run, stage));
        folder.bind(2, run);
        folder.exec();
        return run;
    });
    writeJsonFile(runFolder(id) / "config.json", config);
    return id;
}

void Project::setRunProgress(std::int64_t run, std::int64_t steps, std::int64_t totalSteps)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement update(database, "UPDATE runs SET steps = ?, total_steps = ? WHERE id = ?");
        update.bind(1, steps);
        update.bind(2, totalSteps);
        update.bind(3, run);
        update.exec();
    });
}

void Project::endRun(std::int64_t run, RunState state, const std::string& message)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement update(database, "UPDATE runs SET state = ?, message = ?, ended = ? WHERE id = ?");
        update.bind(1, int(state));
        update.bind(2, message);
        update.bind(3, nowUtc());
        update.bind(4, run);
        update.exec();
    });
}

void Project::reopenRun(std::int64_t run)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement update(database, "UPDATE runs SET state = 0, message = '', ended = '' WHERE id = ?");
        update.bind(1, run);
        update.exec();
    });
}

std::vector<RunRow> Project::runs() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<RunRow> rows;
        SQLite::Statement query(database, std::string(kRunColumns) + "ORDER BY id DESC");
        while (query.executeStep())
            rows.push_back(runFrom(query));
        return rows;
    });
}

std::optional<RunRow> Project::run(std::int64_t id) const
{
    return m_d->with([&](SQLite::Database& database) -> std::optional<RunRow> {
        SQLite::Statement query(database, std::string(kRunColumns) + "WHERE id = ?");
        query.bind(1, id);
        if (!query.executeStep())
            return std::nullopt;
        return runFrom(query);
    });
}

fs::path Project::runFolder(std::int64_t id) const
{
    const auto row = run(id);
    if (!row)
        fail("There is no run {} in the project", id);
    return m_d->folder / row->folder;
}

// ---- metrics and samples --------------------------------------------------------------------------------------------

void Project::addMetrics(std::int64_t run, std::int64_t step, double seconds, const Metrics& metrics)
{
    const fs::path file = runFolder(run) / "metrics.jsonl";
    m_d->with([&](SQLite::Database& database) {
        SQLite::Transaction transaction(database);
        SQLite::Statement name(database, "INSERT OR IGNORE INTO metric_names (name) VALUES (?)");
        SQLite::Statement add(database, "INSERT OR REPLACE INTO metrics SELECT ?, id, ?, ?, ? FROM metric_names WHERE name = ?");
        for (const Metric& metric : metrics) {
            name.bind(1, metric.name);
            name.exec();
            name.reset();
            add.bind(1, run);
            add.bind(2, step);
            add.bind(3, seconds);
            if (std::isnan(metric.value))
                add.bind(4);
            else
                add.bind(4, metric.value);
            add.bind(5, metric.name);
            add.exec();
            add.reset();
        }
        transaction.commit();
    });
    Json line {{"step", step}, {"seconds", seconds}};
    for (const Metric& metric : metrics)
        line[metric.name] = metric.value;
    std::ofstream(file, std::ios::app) << toLine(line) << '\n';
}

void Project::truncateMetrics(std::int64_t run, std::int64_t lastStep)
{
    m_d->with([&](SQLite::Database& database) {
        for (const char* table : {"metrics", "samples"}) {
            SQLite::Statement remove(database, std::string("DELETE FROM ") + table + " WHERE run = ? AND step > ?");
            remove.bind(1, run);
            remove.bind(2, lastStep);
            remove.exec();
        }
    });
}

std::vector<MetricSeries> Project::metrics(std::int64_t run) const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<MetricSeries> series;
        SQLite::Statement query(database,
            "SELECT n.name, m.step, m.seconds, m.value FROM metrics m JOIN metric_names n ON n.id = m.name WHERE m.run = ? ORDER BY m.name, m.step");
        query.bind(1, run);
        while (query.executeStep()) {
            const std::string name = query.getColumn(0).getString();
            if (series.empty() || series.back().name != name)
                series.push_back({name, {}});
            series.back().points.push_back({query.getColumn(1).getInt64(), query.getColumn(2).getDouble(),
                query.getColumn(3).isNull() ? std::nan("") : query.getColumn(3).getDouble()});
        }
        return series;
    });
}

void Project::addSamples(std::int64_t run, const std::vector<SampleRow>& samples)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Transaction transaction(database);
        SQLite::Statement add(database, "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?)");
        for (const SampleRow& row : samples) {
            add.bind(1, run);
            add.bind(2, row.step);
            add.bind(3, row.item);
            add.bind(4, row.prompt);
            add.bind(5, row.response);
            if (row.score)
                add.bind(6, *row.score);
            else
                add.bind(6);
            add.exec();
            add.reset();
        }
        transaction.commit();
    });
}

std::vector<SampleRow> Project::samples(std::int64_t run) const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<SampleRow> rows;
        SQLite::Statement query(database, "SELECT step, item, prompt, response, score FROM samples WHERE run = ? ORDER BY step, item");
        query.bind(1, run);
        while (query.executeStep()) {
            rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), query.getColumn(2).getString(), query.getColumn(3).getString(), {}});
            if (!query.getColumn(4).isNull())
                rows.back().score = query.getColumn(4).getDouble();
        }
        return rows;
    });
}

// ---- scores and splits ----------------------------------------------------------------------------------------------

std::int64_t Project::addScoreSet(const ScoreSetRow& row, const std::vector<PairScore>& scores)
{
    static_assert(sizeof(PairScore) == 2 * sizeof(double));
    return m_d->with([&](SQLite::Database& database) {
        SQLite::Statement add(database,
            "INSERT OR REPLACE INTO score_sets (name, dataset, reward_model, held_out, pairs, created, scores) VALUES (?, ?, ?, ?, ?, ?, ?)");
        add.bind(1, row.name);
        add.bind(2, row.dataset);
        add.bind(3, row.rewardModel);
        add.bind(4, int(row.heldOut));
        add.bind(5, std::int64_t(scores.size()));
        add.bind(6, row.created.empty() ? nowUtc() : row.created);
        add.bind(7, scores.data(), int(scores.size() * sizeof(PairScore)));
        add.exec();
        return database.getLastInsertRowid();
    });
}

std::vector<ScoreSetRow> Project::scoreSets() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<ScoreSetRow> rows;
        SQLite::Statement query(database, "SELECT id, name, dataset, reward_model, held_out, pairs, created FROM score_sets ORDER BY id");
        while (query.executeStep())
            rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(), query.getColumn(3).getString(),
                query.getColumn(4).getInt() != 0, query.getColumn(5).getInt64(), query.getColumn(6).getString()});
        return rows;
    });
}

std::vector<PairScore> Project::loadScores(const std::string& name) const
{
    const auto found = m_d->with([&](SQLite::Database& database) -> std::optional<std::vector<PairScore>> {
        SQLite::Statement query(database, "SELECT scores FROM score_sets WHERE name = ?");
        query.bind(1, name);
        if (!query.executeStep())
            return std::nullopt;
        return fromBlob<PairScore>(query.getColumn(0));
    });
    if (!found)
        fail("There is no score set \"{}\" in the project; there are: {}", name, namesOf(scoreSets()));
    return *found;
}

std::int64_t Project::addSplit(const SplitRow& row)
{
    return m_d->with([&](SQLite::Database& database) {
        const SplitRule& rule = row.split.rule;
        Json json {{"by", int(rule.by)}, {"value", rule.value}, {"absolute", rule.absolute}, {"action", int(rule.action)}};
        if (rule.contradictory)
            json["contradictory"] = *rule.contradictory;
        SQLite::Statement add(database,
            "INSERT OR REPLACE INTO splits (name, dataset, score_set, rule, threshold, buckets, created) VALUES (?, ?, ?, ?, ?, ?, ?)");
        add.bind(1, row.name);
        add.bind(2, row.dataset);
        add.bind(3, row.scoreSet);
        add.bind(4, toLine(json));
        add.bind(5, row.split.threshold);
        add.bind(6, row.split.buckets.data(), int(row.split.buckets.size()));
        add.bind(7, row.created.empty() ? nowUtc() : row.created);
        add.exec();
        return database.getLastInsertRowid();
    });
}

std::vector<SplitRow> Project::splits() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<SplitRow> rows;
        SQLite::Statement query(database, "SELECT id, name, dataset, score_set, rule, threshold, buckets, created FROM splits ORDER BY id");
        while (query.executeStep()) {
            const Json json = parseJson(query.getColumn(4).getString(), "project.db");
            SplitRow row {query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(), query.getColumn(3).getString(),
                {}, query.getColumn(7).getString()};
            row.split.rule.by = SplitRule::By(json.at("by").get<int>());
            row.split.rule.value = json.at("value").get<double>();
            row.split.rule.absolute = json.at("absolute").get<bool>();
            row.split.rule.action = ContradictoryAction(json.at("action").get<int>());
            if (json.contains("contradictory"))
                row.split.rule.contradictory = json["contradictory"].get<double>();
            row.split.threshold = query.getColumn(5).getDouble();
            row.split.buckets = fromBlob<Bucket>(query.getColumn(6));
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

SplitRow Project::loadSplit(const std::string& name) const
{
    const auto all = splits();
    for (const SplitRow& row : all)
        if (row.name == name)
            return row;
    fail("There is no split \"{}\" in the project; there are: {}", name, namesOf(all));
}

// ---- evaluation -----------------------------------------------------------------------------------------------------

std::int64_t Project::addEvaluation(const EvaluationRow& row, const std::vector<EvaluationItemInput>& items)
{
    return m_d->with([&](SQLite::Database& database) {
        SQLite::Transaction transaction(database);
        SQLite::Statement add(database, "INSERT INTO evaluations (name, source_a, source_b, config, created) VALUES (?, ?, ?, ?, ?)");
        add.bind(1, row.name);
        add.bind(2, row.sourceA);
        add.bind(3, row.sourceB);
        add.bind(4, toLine(row.config));
        add.bind(5, row.created.empty() ? nowUtc() : row.created);
        add.exec();
        const std::int64_t id = database.getLastInsertRowid();
        SQLite::Statement item(database, "INSERT INTO evaluation_items VALUES (?, ?, ?, ?, ?, ?, ?)");
        for (std::size_t i = 0; i < items.size(); ++i) {
            item.bind(1, id);
            item.bind(2, std::int64_t(i));
            item.bind(3, items[i].prompt);
            item.bind(4, items[i].responseA);
            item.bind(5, items[i].responseB);
            item.bind(6, int(items[i].aIsLeft));
            item.bind(7, items[i].pair);
            item.exec();
            item.reset();
        }
        transaction.commit();
        return id;
    });
}

std::vector<EvaluationRow> Project::evaluations() const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<EvaluationRow> rows;
        SQLite::Statement query(database,
            "SELECT e.id, e.name, e.source_a, e.source_b, e.config, e.closed, (SELECT count(*) FROM evaluation_items i WHERE i.evaluation = e.id),"
            " (SELECT count(DISTINCT number) FROM judgments j WHERE j.evaluation = e.id AND j.undone = 0), e.created FROM evaluations e ORDER BY e.id");
        while (query.executeStep())
            rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(), query.getColumn(3).getString(),
                parseJson(query.getColumn(4).getString(), "project.db"), query.getColumn(5).getInt() != 0, query.getColumn(6).getInt64(),
                query.getColumn(7).getInt64(), query.getColumn(8).getString()});
        return rows;
    });
}

std::vector<EvaluationItemRow> Project::evaluationItems(std::int64_t evaluation) const
{
    return m_d->with([&](SQLite::Database& database) {
        std::vector<EvaluationItemRow> rows;
        SQLite::Statement query(database,
            "SELECT i.number, i.prompt, i.response_a, i.response_b, i.a_is_left, j.verdict, j.comment, j.seconds FROM evaluation_items i"
            " LEFT JOIN judgments j ON j.id = (SELECT max(id) FROM judgments WHERE evaluation = i.evaluation AND number = i.number AND undone = 0)"
            " WHERE i.evaluation = ? ORDER BY i.number");
        query.bind(1, evaluation);
        while (query.executeStep()) {
            const bool left = query.getColumn(4).getInt() != 0;
            EvaluationItemRow row {query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(left ? 2 : 3).getString(),
                query.getColumn(left ? 3 : 2).getString(), {}, query.getColumn(6).getString(), query.getColumn(7).getDouble()};
            if (!query.getColumn(5).isNull())
                row.verdict = Verdict(query.getColumn(5).getInt());
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

void Project::judge(std::int64_t evaluation, std::int64_t number, Verdict verdict, const std::string& comment, double seconds)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement add(database, "INSERT INTO judgments (evaluation, number, verdict, comment, seconds, at) VALUES (?, ?, ?, ?, ?, ?)");
        add.bind(1, evaluation);
        add.bind(2, number);
        add.bind(3, int(verdict));
        add.bind(4, comment);
        add.bind(5, seconds);
        add.bind(6, nowUtc());
        add.exec();
    });
}

void Project::undoJudgment(std::int64_t evaluation, std::int64_t number)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement undo(database, "UPDATE judgments SET undone = 1 WHERE evaluation = ? AND number = ?");
        undo.bind(1, evaluation);
        undo.bind(2, number);
        undo.exec();
    });
}

void Project::closeEvaluation(std::int64_t evaluation)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement close(database, "UPDATE evaluations SET closed = 1 WHERE id = ?");
        close.bind(1, evaluation);
        close.exec();
    });
}

std::vector<EvaluationItemInput> Project::evaluationKey(std::int64_t evaluation) const
{
    for (const EvaluationRow& row : evaluations())
        if (row.id == evaluation && !row.closed)
            fail("The session {} is still blind; close it to see which answer came from which model", row.name);
    return m_d->with([&](SQLite::Database& database) {
        std::vector<EvaluationItemInput> items;
        SQLite::Statement query(database, "SELECT prompt, response_a, response_b, a_is_left, pair FROM evaluation_items WHERE evaluation = ? ORDER BY number");
        query.bind(1, evaluation);
        while (query.executeStep())
            items.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(), query.getColumn(3).getInt() != 0,
                query.getColumn(4).getInt64()});
        return items;
    });
}

// ---- small values ---------------------------------------------------------------------------------------------------

void Project::setValue(const std::string& key, const std::string& value)
{
    m_d->with([&](SQLite::Database& database) {
        SQLite::Statement put(database, "INSERT OR REPLACE INTO project_values VALUES (?, ?)");
        put.bind(1, key);
        put.bind(2, value);
        put.exec();
    });
}

std::optional<std::string> Project::value(const std::string& key) const
{
    return m_d->with([&](SQLite::Database& database) -> std::optional<std::string> {
        SQLite::Statement query(database, "SELECT value FROM project_values WHERE key = ?");
        query.bind(1, key);
        if (!query.executeStep())
            return std::nullopt;
        return query.getColumn(0).getString();
    });
}

std::string Project::freeName(const std::string& wanted) const
{
    return m_d->with([&](SQLite::Database& database) {
        for (int number = 1;; ++number) {
            const std::string name = number == 1 ? wanted : fmt::format("{}-{}", wanted, number);
            SQLite::Statement query(database, "SELECT (SELECT count(*) FROM datasets WHERE name = ?1) + (SELECT count(*) FROM models WHERE name = ?1)"
                                              " + (SELECT count(*) FROM score_sets WHERE name = ?1) + (SELECT count(*) FROM splits WHERE name = ?1)"
                                              " + (SELECT count(*) FROM evaluations WHERE name = ?1)");
            query.bind(1, name);
            query.executeStep();
            if (query.getColumn(0).getInt() == 0)
                return name;
        }
    });
}

} // namespace mpo
