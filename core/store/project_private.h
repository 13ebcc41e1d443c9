// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the files of this folder share. Include it only here.
#pragma once

#include "core/store/lock_file.h"
#include "core/store/project.h"
#include "core/support/error.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <bit>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>

namespace mpo {

struct Project::Private
{
    Private(const std::filesystem::path& folder, Access access);
    ~Private();

    /// Runs `work` under the mutex in one transaction, so that all its statements see the same state. Turns exceptions
    /// of SQLite into Error.
    template<class Work>
    auto read(const Work& work)
    {
        const std::scoped_lock guard(mutex);
        try {
            SQLite::Transaction snapshot(database);
            return work();
        } catch (const SQLite::Exception& error) {
            failWith(error);
        }
    }

    /// As read(), and what `work` changed is on disk on return; if it throws, nothing was changed.
    template<class Work>
    auto write(const Work& work)
    {
        const std::scoped_lock guard(mutex);
        requireWriting();
        try {
            SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                transaction.commit();
                checkpointIfDue();
            } else {
                auto result = work();
                transaction.commit();
                checkpointIfDue();
                return result;
            }
        } catch (const SQLite::Exception& error) {
            failWith(error);
        }
    }

    /// A prepared statement with its parameters bound in order.
    template<class... Values>
    SQLite::Statement statement(const char* sql, const Values&... values)
    {
        SQLite::Statement result(database, sql);
        int index = 0;
        (bindValue(result, ++index, values), ...);
        return result;
    }

    std::int64_t firstFreePair(); ///< the id after those of all data sets
    void dropLoosePairs(); ///< those of a data set that was never finished
    void insertPairs(std::int64_t firstId, const std::vector<PreferencePair>& pairs);
    void insertDataset(const DatasetRow& row, std::int64_t firstPair, const ImportReport* report);

    std::vector<std::string> namesIn(const char* table);
    /// Throws Error when `name` is empty, holds control characters or is taken in `table`. `what`: "data set".
    void requireNewName(const char* table, std::string_view what, const std::string& name);
    [[noreturn]] void failUnknown(const char* table, std::string_view what, const std::string& name);
    std::filesystem::path runFolder(std::int64_t run); ///< absolute; throws Error for an unknown run
    std::vector<std::int64_t> runsDeletedLongAgo(); ///< for which nobody has asked for a week
    void appendMetricLine(std::int64_t run, const std::string& line);
    void closeMetricFile(std::int64_t run);
    /// Many at once, in transactions of some thousand values: others wait for none of them long.
    void insertMetrics(std::int64_t run, const std::vector<MetricSeries>& metrics);
    void writeMetricFile(std::int64_t run); ///< metrics.jsonl anew, of what the database has
    std::int64_t metricNameId(const std::string& name); ///< adds it where it is new
    std::map<std::int64_t, std::pair<double, Metrics>> metricRows(std::int64_t run); ///< step -> seconds, metrics
    void requireEvaluation(
        std::int64_t evaluation, bool closed); ///< throws Error unless it is there and closed, or open
    std::vector<EvaluationItemInput> evaluationItemsWithKey(std::int64_t evaluation);
    std::vector<JudgmentRow> countingJudgments(std::int64_t evaluation);
    /// A verdict that counts; the one that counted before stays in the log as undone.
    void insertJudgment(std::int64_t evaluation, const JudgmentRow& row, const std::vector<std::string>& criteria);
    std::vector<std::string> criteriaOfEvaluation(std::int64_t evaluation);
    void requireAnnotator(const std::string& name); ///< throws Error for one that is no single line
    void logEvaluation(std::int64_t evaluation, const std::string& text);
    bool hasPlaces(std::int64_t evaluation, const std::string& annotator); ///< an order and sides of their own
    std::int64_t datasetId(const std::string& name); ///< throws Error listing the names there are
    std::vector<PairChange> pairEditLog(std::int64_t dataset);
    /// Adds an entry; `pairs` of Undo and Redo are not stored.
    void insertPairChange(std::int64_t dataset, const PairChange& change);
    std::optional<PairChange> repeatPairEdit(const std::string& dataset, PairChange::Kind kind, const std::string& who);
    [[noreturn]] void failWith(const SQLite::Exception& error) const;

    std::filesystem::path folder;
    Access access;
    std::filesystem::path file; ///< project.db
    std::optional<LockFile> lock; ///< writers only
    SQLite::Database database;
    std::mutex mutex;
    bool addingDataset = false; ///< its pairs have the ids after those of all data sets
    std::map<std::int64_t, int> metricFiles; ///< run -> descriptor of its metrics.jsonl

private:
    void requireWriting() const;
    void checkpointIfDue();

    static void bindValue(SQLite::Statement& s, int i, const std::string& value) { s.bind(i, value); }
    static void bindValue(SQLite::Statement& s, int i, std::int64_t value) { s.bind(i, value); }
    static void bindValue(SQLite::Statement& s, int i, double value) { s.bind(i, value); }
    template<class T>
    static void bindValue(SQLite::Statement& s, int i, const std::optional<T>& value)
    {
        if (value)
            bindValue(s, i, *value);
        else
            s.bind(i);
    }

    int m_walPages = 0; ///< in the write-ahead log after the last commit; set by SQLite's hook
    int m_checkpointAt = 0; ///< pages at which the log is next copied into the database
};

inline std::optional<std::string> textOrNothing(const SQLite::Column& column)
{
    return column.isNull() ? std::nullopt : std::optional(column.getString());
}

// Items go to disk as they lie in memory.
static_assert(std::endian::native == std::endian::little);

/// The items of a BLOB that holds nothing else. `name`: of what they belong to.
template<class Item>
std::vector<Item> itemsFrom(const SQLite::Column& column, const std::string& name)
{
    static_assert(std::is_trivially_copyable_v<Item>);
    const auto* bytes = column.getBlob();
    const auto size = std::size_t(column.getBytes());
    if (size % sizeof(Item) != 0)
        fail("project.db is damaged: \"{}\" ends in the middle of a value", name);
    std::vector<Item> items(size / sizeof(Item));
    if (size > 0)
        std::memcpy(items.data(), bytes, size);
    return items;
}

/// The items as a BLOB; they must live until the statement is over.
template<class Item>
void bindItems(SQLite::Statement& statement, int index, const std::vector<Item>& items)
{
    constexpr std::size_t kLimit = 1'000'000'000; // SQLite's own
    const std::size_t size = items.size() * sizeof(Item);
    if (size > kLimit)
        fail("There are too many pairs to be stored ({} bytes, {} at most)", size, kLimit);
    static constexpr char kNothing = 0; // a null pointer would be stored as NULL
    statement.bindNoCopy(index, size > 0 ? static_cast<const void*>(items.data()) : &kNothing, int(size));
}

inline std::optional<double> numberOrNothing(const SQLite::Column& column)
{
    return column.isNull() ? std::nullopt : std::optional(column.getDouble());
}

inline std::vector<CriterionVote> storedVotes(const SQLite::Column& column)
{
    return votesOf(parseJson(column.getString(), "project.db: votes"));
}

/// An enumerator from disk; the file may be damaged or foreign.
template<class Enum>
Enum enumFrom(const SQLite::Column& column, Enum last)
{
    const auto value = column.getInt64();
    if (value < 0 || value > std::int64_t(last))
        fail("project.db is damaged: {} holds the unknown value {}", column.getName(), value);
    return Enum(value);
}

} // namespace mpo
