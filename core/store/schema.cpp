// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/schema.h"

#include "core/support/error.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>

namespace mpo {

namespace {

/// SQL of a released step is never edited: a change is a new step.
constexpr std::array kSteps {
    R"sql(
CREATE TABLE datasets (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, digest TEXT, source TEXT, kind INTEGER, pairs INTEGER,
    created TEXT, report TEXT);
CREATE TABLE pairs (dataset INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE, position INTEGER NOT NULL, prompt TEXT,
    chosen TEXT, rejected TEXT, ids TEXT, line INTEGER, PRIMARY KEY (dataset, position)) WITHOUT ROWID;
CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, folder TEXT, kind TEXT, family TEXT, digest TEXT,
    parameters INTEGER, run INTEGER, parent TEXT, created TEXT);
CREATE TABLE runs (id INTEGER PRIMARY KEY, stage TEXT, name TEXT, state INTEGER, message TEXT, config TEXT, parents TEXT,
    steps INTEGER, total_steps INTEGER, started TEXT, ended TEXT, folder TEXT);
CREATE TABLE metric_names (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE metrics (run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name INTEGER NOT NULL, step INTEGER NOT NULL,
    seconds REAL, value REAL, PRIMARY KEY (run, name, step)) WITHOUT ROWID;
CREATE TABLE samples (run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, step INTEGER, item INTEGER, prompt TEXT,
    response TEXT, score REAL);
CREATE TABLE score_sets (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, dataset TEXT, reward_model TEXT, held_out INTEGER,
    pairs INTEGER, created TEXT, scores BLOB);
CREATE TABLE splits (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, dataset TEXT, score_set TEXT, rule TEXT, threshold REAL,
    buckets BLOB, created TEXT);
CREATE TABLE evaluations (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, source_a TEXT, source_b TEXT, config TEXT,
    closed INTEGER DEFAULT 0, created TEXT);
CREATE TABLE evaluation_items (evaluation INTEGER NOT NULL REFERENCES evaluations(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    prompt TEXT, response_a TEXT, response_b TEXT, a_is_left INTEGER, pair INTEGER, PRIMARY KEY (evaluation, number)) WITHOUT ROWID;
CREATE TABLE judgments (id INTEGER PRIMARY KEY, evaluation INTEGER NOT NULL, number INTEGER NOT NULL, verdict INTEGER, comment TEXT,
    seconds REAL, at TEXT, undone INTEGER DEFAULT 0);
CREATE TABLE project_values (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
)sql",
};

} // namespace

void migrate(SQLite::Database& database)
{
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    if (version > int(kSteps.size()))
        fail("the project was made by a newer version of MPO Studio (schema {}, this one knows {}); use that version", version, kSteps.size());
    for (int step = version; step < int(kSteps.size()); ++step) {
        SQLite::Transaction transaction(database);
        database.exec(kSteps[std::size_t(step)]);
        database.exec("PRAGMA user_version = " + std::to_string(step + 1));
        transaction.commit();
    }
}

} // namespace mpo
