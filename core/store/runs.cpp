// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"

#include <fmt/format.h>

#include <algorithm>

namespace mpo {

namespace {

constexpr const char* kColumns
    = "id, stage, name, state, message, config, parents, steps, total_steps, started, ended, tags, note";

std::string folderName(std::int64_t run, const std::string& stage) { return fmt::format("runs/{}-{}", run, stage); }

RunRow rowFrom(SQLite::Statement& query)
{
    RunRow row;
    row.id = query.getColumn(0).getInt64();
    row.stage = query.getColumn(1).getString();
    row.name = query.getColumn(2).getString();
    row.state = enumFrom(query.getColumn(3), RunState::Paused);
    row.message = query.getColumn(4).getString();
    row.config = parseJson(query.getColumn(5).getString(), fmt::format("project.db: settings of run {}", row.id));
    const auto parents
        = parseJson(query.getColumn(6).getString(), fmt::format("project.db: parents of run {}", row.id));
    for (const auto& parent : parents)
        if (parent.is_string())
            row.parents.push_back(parent.get<std::string>());
    row.steps = query.getColumn(7).getInt64();
    row.totalSteps = query.getColumn(8).getInt64();
    row.started = query.getColumn(9).getString();
    row.ended = query.getColumn(10).getString();
    row.folder = folderName(row.id, row.stage);
    const auto tags = parseJson(query.getColumn(11).getString(), fmt::format("project.db: tags of run {}", row.id));
    for (const auto& tag : tags)
        if (tag.is_string())
            row.tags.push_back(tag.get<std::string>());
    row.note = query.getColumn(12).getString();
    return row;
}

} // namespace

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
    case RunState::Paused:
        return "paused";
    }
    return "unknown";
}

std::filesystem::path Project::Private::runFolder(std::int64_t run)
{
    auto query = statement("SELECT stage FROM runs WHERE id=?", run);
    if (!query.executeStep())
        fail("There is no run {} in {}", run, folder.string());
    return folder / folderName(run, query.getColumn(0).getString());
}

std::int64_t Project::beginRun(
    const std::string& stage, const std::string& name, const Json& config, const std::vector<std::string>& parents)
{
    if (stage.empty()
        || !std::ranges::all_of(stage, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; }))
        fail("\"{}\" cannot be the stage of a run: only small letters, '-' and '_' may stand in it", stage);
    return m_d->write([&] {
        m_d->statement("INSERT INTO runs(stage, name, state, message, config, parents, started, ended) "
                       "VALUES(?, ?, ?, '', ?, ?, ?, '')",
               stage, name, std::int64_t(RunState::Running), toLine(config), toLine(Json(parents)), nowUtc())
            .exec();
        const auto id = m_d->database.getLastInsertRowid();
        // A folder of this number can only be what a program left that died right here, before the row was on disk.
        const auto runFolder = m_d->folder / folderName(id, stage);
        std::error_code error;
        std::filesystem::remove_all(runFolder, error);
        std::filesystem::create_directories(runFolder, error);
        if (error)
            fail("{}: the folder cannot be made ({})", runFolder.string(), error.message());
        writeJsonFile(runFolder / "config.json", config);
        return id;
    });
}

void Project::setRunProgress(std::int64_t run, std::int64_t steps, std::int64_t totalSteps)
{
    m_d->write([&] {
        if (m_d->statement("UPDATE runs SET steps=?, total_steps=? WHERE id=?", steps, totalSteps, run).exec() == 0)
            fail("There is no run {} in {}", run, m_d->folder.string());
    });
}

void Project::endRun(std::int64_t run, RunState state, const std::string& message)
{
    m_d->write([&] {
        if (m_d->statement("UPDATE runs SET state=?, message=?, ended=? WHERE id=?", std::int64_t(state), message,
                   nowUtc(), run)
                .exec()
            == 0)
            fail("There is no run {} in {}", run, m_d->folder.string());
        m_d->closeMetricFile(run);
    });
}

void Project::reopenRun(std::int64_t run)
{
    m_d->write([&] {
        if (m_d->statement(
                   "UPDATE runs SET state=?, message='', ended='' WHERE id=?", std::int64_t(RunState::Running), run)
                .exec()
            == 0)
            fail("There is no run {} in {}", run, m_d->folder.string());
    });
}

std::vector<RunRow> Project::runs() const
{
    return m_d->read([&] {
        std::vector<RunRow> rows;
        auto query = m_d->statement(
            fmt::format("SELECT {} FROM runs WHERE deleted IS NULL ORDER BY id DESC", kColumns).c_str());
        while (query.executeStep())
            rows.push_back(rowFrom(query));
        return rows;
    });
}

std::optional<RunRow> Project::run(std::int64_t id) const
{
    return m_d->read([&]() -> std::optional<RunRow> {
        auto query
            = m_d->statement(fmt::format("SELECT {} FROM runs WHERE id=? AND deleted IS NULL", kColumns).c_str(), id);
        if (!query.executeStep())
            return std::nullopt;
        return rowFrom(query);
    });
}

std::vector<DeletedRun> Project::deletedRuns() const
{
    return m_d->read([&] {
        std::vector<DeletedRun> rows;
        auto query = m_d->statement(fmt::format(
            "SELECT {}, deleted FROM runs WHERE deleted IS NOT NULL ORDER BY deleted DESC, id DESC", kColumns)
                                        .c_str());
        while (query.executeStep())
            rows.push_back({rowFrom(query), query.getColumn(13).getString()});
        return rows;
    });
}

std::int64_t Project::addFinishedRun(const RunRow& row, const std::vector<MetricSeries>& metrics)
{
    // Hidden as a deleted one until all is there: what a crash leaves goes as those do.
    const std::int64_t id = beginRun(row.stage, row.name, row.config, row.parents);
    m_d->write([&] {
        m_d->statement("UPDATE runs SET state=?, deleted=? WHERE id=?", std::int64_t(row.state), nowUtc(), id).exec();
    });
    m_d->insertMetrics(id, metrics);
    m_d->write([&] {
        m_d->writeMetricFile(id);
        m_d->statement("UPDATE runs SET message=?, steps=?, total_steps=?, started=?, ended=?, tags=?, note=?, "
                       "deleted=NULL WHERE id=?",
               row.message, row.steps, row.totalSteps, row.started, row.ended, toLine(Json(row.tags)), row.note, id)
            .exec();
    });
    return id;
}

std::filesystem::path Project::runFolder(std::int64_t id) const
{
    return m_d->read([&] { return m_d->runFolder(id); });
}

} // namespace mpo
