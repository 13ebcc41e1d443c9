// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"

#include "core/store/project_private.h"
#include "core/store/schema.h"
#include "core/support/log.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr int kBusyMilliseconds = 5000;
// SQLite's own automatic checkpoints are off: in versions before 3.51.3 connections that write and checkpoint at the
// same time can lose commits (sqlite.org/wal.html). The one writer copies its log back itself, every 4 MiB of it.
constexpr int kCheckpointPages = 1000;

void makeFolder(const fs::path& folder)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        fail("{}: the folder cannot be made ({})", folder.string(), error.message());
}

/// Nothing in it, or only what a process that died while making a project leaves.
bool isEmptyFolder(const fs::path& folder)
{
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (entry.path().filename() != "project.lock")
            return false;
    if (error)
        fail("{}: the folder cannot be read ({})", folder.string(), error.message());
    return true;
}

void requireFolder(const fs::path& folder, Project::Access access)
{
    std::error_code error;
    const auto status = fs::status(folder, error);
    if (fs::exists(status) && !fs::is_directory(status))
        fail("{}: is a file; a project is a folder", folder.string());
    if (Project::isProject(folder))
        return;
    if (access == Project::Access::ReadOnly)
        fail("{}: is not a project of MPO Studio (it has no project.db)", folder.string());
    if (fs::exists(status) && !isEmptyFolder(folder))
        fail("{}: is not a project of MPO Studio and not empty; name a new or empty folder", folder.string());
    makeFolder(folder);
}

/// A database in a folder that nobody can write to needs no locks and could not make the files for them.
std::string databaseName(const fs::path& file, Project::Access access)
{
    std::error_code error;
    const fs::path log = file.string() + "-wal";
    const bool immutable = access == Project::Access::ReadOnly && ::access(file.parent_path().c_str(), W_OK) != 0
        && (!fs::exists(log, error) || fs::file_size(log, error) == 0);
    if (!immutable)
        return file.string();
    std::string uri = "file:";
    for (const char c : fs::absolute(file).string()) {
        if (c == '%' || c == '?' || c == '#')
            uri += fmt::format("%{:02X}", unsigned(c));
        else
            uri += c;
    }
    return uri + "?immutable=1";
}

SQLite::Database openDatabase(const fs::path& file, Project::Access access)
{
    const int flags = access == Project::Access::ReadWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                                           : SQLite::OPEN_READONLY | SQLite::OPEN_URI;
    try {
        return SQLite::Database(databaseName(file, access), flags, kBusyMilliseconds);
    } catch (const SQLite::Exception& error) {
        fail("{}: cannot be opened ({})", file.string(), error.what());
    }
}

std::string quotedList(const std::vector<std::string>& names)
{
    constexpr std::size_t kShown = 20;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
        list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", names[i]);
    if (names.size() > kShown)
        list += fmt::format(" and {} more", names.size() - kShown);
    return list;
}

} // namespace

Project::Private::Private(const fs::path& projectFolder, Access projectAccess)
    : folder(projectFolder)
    , access(projectAccess)
    , file(projectFolder / "project.db")
    , lock(projectAccess == Access::ReadWrite ? std::make_optional<LockFile>(projectFolder / "project.lock")
                                              : std::nullopt)
    , database(openDatabase(file, projectAccess))
    , m_checkpointAt(kCheckpointPages)
{
    try {
        // A project may come from someone else: its schema must not run functions or change SQLite's own tables.
        sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        database.exec("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON");
        if (access == Access::ReadOnly) {
            sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
            checkSchema(database, file);
            return;
        }
        database.exec("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0");
        upgradeSchema(database, file); // first of all: a database of another program is left as it is
        database.exec("PRAGMA journal_mode=WAL");
        sqlite3_wal_hook(
            database.getHandle(),
            [](void* pages, sqlite3*, const char*, int count) {
                *static_cast<int*>(pages) = count;
                return SQLITE_OK;
            },
            &m_walPages);
        dropLoosePairs();
        // Whoever ran them has gone without saying so, or the lock would still be held.
        database.exec(
            fmt::format("UPDATE runs SET state={}, message='The program ended during the run.' WHERE state={}",
                int(RunState::Interrupted), int(RunState::Running)));
    } catch (const SQLite::Exception& error) {
        failWith(error);
    }
    makeFolder(folder / "models");
    makeFolder(folder / "runs");
    std::error_code ignored; // an earlier writer that was killed is not to be taken for this one
    fs::remove(folder / "control" / "writer.json", ignored);
}

Project::Private::~Private()
{
    for (const auto& [run, descriptor] : metricFiles)
        ::close(descriptor);
    if (access == Access::ReadWrite)
        sqlite3_wal_checkpoint_v2(database.getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

void Project::Private::requireWriting() const
{
    if (access == Access::ReadOnly)
        fail("{}: the project is open for reading only", folder.string());
}

void Project::Private::checkpointIfDue()
{
    if (m_walPages < m_checkpointAt - kCheckpointPages)
        m_checkpointAt = kCheckpointPages; // the log has begun anew
    if (m_walPages < m_checkpointAt)
        return;
    // Does what it can beside readers; what it leaves is done at the next call. The commit itself is on disk already.
    const int result
        = sqlite3_wal_checkpoint_v2(database.getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (result != SQLITE_OK && result != SQLITE_BUSY)
        log().warn("{}: the log could not be copied into the database ({})", file.string(), sqlite3_errstr(result));
    m_checkpointAt = m_walPages + kCheckpointPages;
}

void Project::Private::failWith(const SQLite::Exception& error) const
{
    const std::string name = file.string();
    switch (error.getErrorCode()) {
    case SQLITE_FULL:
        fail("{}: no space left on the disk; free some and try again", name);
    case SQLITE_NOTADB:
        fail("{}: is not a database; the folder is no project of MPO Studio, or the file is damaged", name);
    case SQLITE_CORRUPT:
        fail("{}: the database is damaged ({}); restore the project from a copy", name, error.what());
    case SQLITE_READONLY:
        fail("{}: cannot be written: the file or its folder is read-only", name);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        fail("{}: another program keeps the database busy; try again", name);
    case SQLITE_IOERR:
        fail("{}: the disk cannot be read or written ({})", name, error.what());
    case SQLITE_CANTOPEN:
        fail("{}: cannot be opened; check the permissions of the folder", name);
    case SQLITE_TOOBIG:
        fail("{}: a value is too large to be stored (1 GB at most)", name);
    case SQLITE_NOMEM:
        fail("{}: not enough memory", name);
    default:
        fail("{}: {}", name, error.what());
    }
}

std::vector<std::string> Project::Private::namesIn(const char* table)
{
    std::vector<std::string> names;
    auto query = statement(fmt::format("SELECT name FROM {} ORDER BY id", table).c_str());
    while (query.executeStep())
        names.push_back(query.getColumn(0).getString());
    return names;
}

void Project::Private::requireNewName(const char* table, std::string_view what, const std::string& name)
{
    if (name.empty())
        fail("No name is given for the {}", what);
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        fail("The name of the {} must be one line of text", what);
    auto query = statement(fmt::format("SELECT 1 FROM {} WHERE name=?", table).c_str(), name);
    if (query.executeStep())
        fail("\"{}\" is the name of another {} in {}; choose another name", name, what, folder.string());
}

void Project::Private::failUnknown(const char* table, std::string_view what, const std::string& name)
{
    const auto names = namesIn(table);
    if (names.empty())
        fail("There is no {} \"{}\": {} has none yet", what, name, folder.string());
    fail("There is no {} \"{}\" in {}; there are: {}", what, name, folder.string(), quotedList(names));
}

Project::Project(std::unique_ptr<Private> d)
    : m_d(std::move(d))
{
}

Project::~Project() = default;

std::shared_ptr<Project> Project::open(const fs::path& folder, Access access)
{
    if (folder.empty())
        fail("The name of a project folder must not be empty");
    auto absolute = fs::absolute(folder).lexically_normal();
    if (!absolute.has_filename()) // "name.mpo/"
        absolute = absolute.parent_path();
    requireFolder(absolute, access);
    const auto opened
        = [&] { return std::shared_ptr<Project>(new Project(std::make_unique<Private>(absolute, access))); };
    try {
        auto project = opened();
        if (access == Access::ReadWrite)
            project->eraseRunsDeletedLongAgo();
        return project;
    } catch (const OutdatedSchema&) {
        // A reader must not change it, so it is opened once as a writer does.
        try {
            const Private upgraded(absolute, Access::ReadWrite);
        } catch (const Error&) {
        }
        return opened();
    }
}

bool Project::isProject(const fs::path& folder)
{
    // Only looked up, not opened: closing any descriptor of the file would drop SQLite's locks on it in this process.
    std::error_code error;
    return fs::is_regular_file(folder / "project.db", error);
}

const fs::path& Project::folder() const { return m_d->folder; }

std::string Project::name() const
{
    const auto& folder = m_d->folder;
    return folder.extension() == ".mpo" ? folder.stem().string() : folder.filename().string();
}

Project::Access Project::access() const { return m_d->access; }

void Project::setValue(const std::string& key, const std::string& value)
{
    m_d->write([&] { m_d->statement("INSERT OR REPLACE INTO project_values VALUES(?, ?)", key, value).exec(); });
}

std::optional<std::string> Project::value(const std::string& key) const
{
    return m_d->read([&]() -> std::optional<std::string> {
        auto query = m_d->statement("SELECT value FROM project_values WHERE key=?", key);
        if (!query.executeStep())
            return std::nullopt;
        return query.getColumn(0).getString();
    });
}

std::int64_t Project::changeCounter() const
{
    const std::scoped_lock guard(m_d->mutex);
    try {
        return m_d->database.execAndGet("PRAGMA data_version").getInt64();
    } catch (const SQLite::Exception& error) {
        m_d->failWith(error);
    }
}

std::string Project::freeName(const std::string& wanted) const
{
    return m_d->read([&] {
        auto query = m_d->statement("SELECT 1 FROM datasets WHERE name=?1 UNION ALL SELECT 1 FROM models WHERE name=?1 "
                                    "UNION ALL SELECT 1 FROM score_sets WHERE name=?1 UNION ALL SELECT 1 FROM splits "
                                    "WHERE name=?1 UNION ALL SELECT 1 FROM evaluations WHERE name=?1");
        std::string name = wanted;
        for (int number = 2;; ++number) {
            query.reset();
            query.bind(1, name);
            if (!query.executeStep())
                return name;
            name = fmt::format("{}-{}", wanted, number);
        }
    });
}

fs::path defaultProjectFolder()
{
    const char* data = std::getenv("XDG_DATA_HOME");
    if (data && fs::path(data).is_absolute()) // the specification says to ignore a relative one
        return fs::path(data) / "mpo-studio" / "default.mpo";
    const char* home = std::getenv("HOME");
    if (!home || !*home)
        fail("Neither XDG_DATA_HOME nor HOME is set, so there is no default project; name one with --project FOLDER");
    return fs::path(home) / ".local" / "share" / "mpo-studio" / "default.mpo";
}

std::string nowUtc()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts {};
    ::gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

} // namespace mpo
