// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/schema.h"

#include "core/support/error.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <iterator>

namespace mpo {

namespace {

// "MPO1": tells a project from any other SQLite file (PRAGMA application_id).
constexpr int kApplicationId = 0x4D504F31;

// Step N brings version N to N + 1. A step that was released is never edited: add one.
constexpr const char* kSteps[] = {
    // Pairs of one data set have consecutive ids from first_pair, so that a page of them is one range of the table.
    // Scores are (chosen, rejected) doubles and buckets bytes, little-endian: a million pairs load as one value. They
    // stand
    // last in their rows because SQLite reads a row from its front.
    R"sql(
    CREATE TABLE datasets(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL,
        first_pair INTEGER NOT NULL, pairs INTEGER NOT NULL, created TEXT NOT NULL, report TEXT);
    CREATE TABLE pairs(
        id INTEGER PRIMARY KEY, prompt TEXT NOT NULL, chosen TEXT NOT NULL, rejected TEXT NOT NULL, line INTEGER NOT NULL,
        ids TEXT);
    CREATE TABLE runs(
        id INTEGER PRIMARY KEY AUTOINCREMENT, stage TEXT NOT NULL, name TEXT NOT NULL, state INTEGER NOT NULL,
        message TEXT NOT NULL, config TEXT NOT NULL, parents TEXT NOT NULL, steps INTEGER NOT NULL DEFAULT 0,
        total_steps INTEGER NOT NULL DEFAULT 0, started TEXT NOT NULL, ended TEXT NOT NULL);
    CREATE TABLE models(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, kind TEXT NOT NULL, family TEXT NOT NULL,
        digest TEXT NOT NULL, parameters INTEGER NOT NULL, run INTEGER REFERENCES runs, parent TEXT, created TEXT NOT NULL);
    CREATE TABLE metric_names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE metrics(
        run INTEGER NOT NULL REFERENCES runs, step INTEGER NOT NULL, name INTEGER NOT NULL REFERENCES metric_names,
        seconds REAL NOT NULL, value REAL, PRIMARY KEY(run, step, name)) WITHOUT ROWID;
    CREATE TABLE samples(
        id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, step INTEGER NOT NULL, item INTEGER NOT NULL,
        prompt TEXT NOT NULL, response TEXT NOT NULL, score REAL);
    CREATE INDEX samples_of_run ON samples(run, step, item);
    CREATE TABLE score_sets(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, reward_model TEXT NOT NULL,
        held_out INTEGER NOT NULL, pairs INTEGER NOT NULL, created TEXT NOT NULL, scores BLOB NOT NULL);
    CREATE TABLE splits(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, score_set TEXT NOT NULL,
        rule INTEGER NOT NULL, value REAL NOT NULL, absolute INTEGER NOT NULL, contradictory REAL, action INTEGER NOT NULL,
        threshold REAL NOT NULL, created TEXT NOT NULL, buckets BLOB NOT NULL);
    CREATE TABLE evaluations(
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, source_a TEXT NOT NULL, source_b TEXT NOT NULL,
        config TEXT NOT NULL, closed INTEGER NOT NULL, created TEXT NOT NULL);
    CREATE TABLE evaluation_items(
        evaluation INTEGER NOT NULL REFERENCES evaluations, number INTEGER NOT NULL, prompt TEXT NOT NULL,
        response_a TEXT NOT NULL, response_b TEXT NOT NULL, a_is_left INTEGER NOT NULL, pair INTEGER NOT NULL,
        PRIMARY KEY(evaluation, number));
    CREATE TABLE judgments(
        id INTEGER PRIMARY KEY AUTOINCREMENT, evaluation INTEGER NOT NULL, number INTEGER NOT NULL, verdict INTEGER NOT NULL,
        comment TEXT NOT NULL, seconds REAL NOT NULL, created TEXT NOT NULL, undone TEXT,
        FOREIGN KEY(evaluation, number) REFERENCES evaluation_items(evaluation, number));
    CREATE UNIQUE INDEX judgments_that_count ON judgments(evaluation, number) WHERE undone IS NULL;
    CREATE TABLE project_values(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    )sql",
    // Turns of a dialogue as JSON [[role, content], ...], and what the data say of the label.
    R"sql(
    ALTER TABLE pairs ADD COLUMN turns TEXT;
    ALTER TABLE pairs ADD COLUMN confidence REAL;
    ALTER TABLE pairs ADD COLUMN margin REAL;
    )sql",
    // A run may be paused (state 5), which earlier versions would take for damage.
    "SELECT 1",
    R"sql(
    CREATE TABLE alarms(
        id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, step INTEGER NOT NULL, name TEXT NOT NULL,
        value REAL, threshold REAL, text TEXT NOT NULL);
    CREATE INDEX alarms_of_run ON alarms(run, step);
    )sql",
    // Several annotators on one session, each with an order and sides of their own (evaluation_places; without rows
    // there:
    // those of the session). A judgment says itself on which side A stood, so that judgments of two projects can be
    // merged.
    R"sql(
    ALTER TABLE evaluation_items ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE evaluation_items ADD COLUMN repeat_of INTEGER;
    ALTER TABLE evaluation_items ADD COLUMN score_a REAL;
    ALTER TABLE evaluation_items ADD COLUMN score_b REAL;
    ALTER TABLE judgments ADD COLUMN annotator TEXT NOT NULL DEFAULT '';
    ALTER TABLE judgments ADD COLUMN a_was_left INTEGER NOT NULL DEFAULT 1;
    UPDATE judgments SET a_was_left = coalesce((SELECT a_is_left FROM evaluation_items i
        WHERE i.evaluation = judgments.evaluation AND i.number = judgments.number), 1);
    DROP INDEX judgments_that_count;
    CREATE UNIQUE INDEX judgments_that_count ON judgments(evaluation, number, annotator) WHERE undone IS NULL;
    CREATE TABLE evaluation_places(
        evaluation INTEGER NOT NULL REFERENCES evaluations, annotator TEXT NOT NULL, number INTEGER NOT NULL,
        position INTEGER NOT NULL, a_is_left INTEGER NOT NULL, PRIMARY KEY(evaluation, annotator, number),
        FOREIGN KEY(evaluation, number) REFERENCES evaluation_items(evaluation, number)) WITHOUT ROWID;
    CREATE TABLE evaluation_log(
        id INTEGER PRIMARY KEY AUTOINCREMENT, evaluation INTEGER NOT NULL REFERENCES evaluations, created TEXT NOT NULL,
        text TEXT NOT NULL);
    )sql",
    // What the user says of a run; tags are a JSON list. A deleted run has the time, and goes for good a week later.
    R"sql(
    ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN deleted TEXT;
    )sql",
    // The step at which the condition of an alarm no longer held.
    "ALTER TABLE alarms ADD COLUMN ended INTEGER",
    // Pairs mended by hand: a log for each data set that only grows (kind, edit: PairChange; pairs: their numbers as
    // 64-bit integers, little-endian). A split says with which of its entries it was made, and which pairs were flipped
    // then.
    R"sql(
    CREATE TABLE pair_edits(
        dataset INTEGER NOT NULL REFERENCES datasets, number INTEGER NOT NULL, kind INTEGER NOT NULL, edit INTEGER NOT NULL,
        of INTEGER NOT NULL, who TEXT NOT NULL, created TEXT NOT NULL, pairs BLOB NOT NULL,
        PRIMARY KEY(dataset, number)) WITHOUT ROWID;
    ALTER TABLE splits ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE splits ADD COLUMN flipped BLOB NOT NULL DEFAULT x'';
    )sql",
    // Whether the reference model has written a sample, not the policy.
    "ALTER TABLE samples ADD COLUMN by_reference INTEGER NOT NULL DEFAULT 0",
    // What an annotator says beside the verdict; votes are a JSON object, criterion -> "left", "right" or "tie".
    R"sql(
    ALTER TABLE judgments ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE judgments ADD COLUMN votes TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE judgments ADD COLUMN strength REAL;
    )sql",
};

int pragma(SQLite::Database& database, const char* name)
{
    return database.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

/// The version on disk; 0 for a database without any table.
int versionOf(SQLite::Database& database, const std::filesystem::path& file)
{
    const int application = pragma(database, "application_id");
    const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
    if (application != kApplicationId && !(application == 0 && empty))
        fail("{}: is a database of another program, not a project of MPO Studio", file.string());
    const int version = pragma(database, "user_version");
    if (version > schemaVersion() || version < 0)
        fail("{}: was made by a newer version of MPO Studio (format {}, this program knows up to {}); update the "
             "program",
            file.string(), version, schemaVersion());
    return version;
}

} // namespace

int schemaVersion() { return int(std::size(kSteps)); }

void upgradeSchema(SQLite::Database& database, const std::filesystem::path& file)
{
    for (int version = versionOf(database, file); version < schemaVersion(); ++version) {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        database.exec(kSteps[version]);
        database.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, version + 1));
        transaction.commit();
    }
}

void checkSchema(SQLite::Database& database, const std::filesystem::path& file)
{
    const int version = versionOf(database, file);
    if (version < schemaVersion())
        throw OutdatedSchema(fmt::format("{}: was made by an older version of MPO Studio (format {}) and cannot be "
                                         "brought to format {} now: another "
                                         "program has it open, or it cannot be written",
            file.string(), version, schemaVersion()));
}

} // namespace mpo
