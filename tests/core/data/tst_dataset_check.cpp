// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_check.h"

#include <QTest>

#include <numeric>

using namespace mpo;

namespace {

PreferencePair pair(const char* prompt, const char* chosen, const char* rejected)
{
    PreferencePair row;
    row.prompt = prompt;
    row.chosen = chosen;
    row.rejected = rejected;
    return row;
}

DatasetFindings check(const std::vector<PreferencePair>& rows, const std::vector<PreferencePair>& other = {},
    DatasetKind kind = DatasetKind::Pairs)
{
    DatasetCheck check;
    for (const PreferencePair& row : other)
        check.addOther(row);
    for (const PreferencePair& row : rows)
        check.add(row, kind);
    return check.findings();
}

} // namespace

class TestDatasetCheck : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void duplicatesAndConflicts()
    {
        const DatasetFindings f = check({
            pair("p", "a", "b"), // 0
            pair("p", "b", "a"), // 1 the other label
            pair("p", "a", "b"), // 2 says 0 again, and contradicts 1
            pair(" p\n", "a  ", "b"), // 3 white space is no difference
            pair("p", "a", "c"), // 4 another pair
            pair("q", "a", "b"), // 5 another prompt
            pair("q", "x", "x"), // 6 nothing to learn
            pair("q", "x", "x"), // 7 and again: no conflict
        });
        QCOMPARE(f.rows, std::int64_t(8));
        QCOMPARE(f.distinctPrompts, std::int64_t(2));
        QCOMPARE(f.duplicateRows, (std::vector<RowPair> {{0, 2}, {0, 3}, {6, 7}}));
        QCOMPARE(f.duplicates, std::int64_t(3));
        QCOMPARE(f.conflictRows, (std::vector<RowPair> {{0, 1}, {1, 2}, {1, 3}}));
        QCOMPARE(f.identicalRows, (std::vector<std::int64_t> {6, 7}));
        QCOMPARE(f.leaks, std::int64_t(0));
    }

    void promptsInBothDataSets()
    {
        const DatasetFindings f = check({pair("one", "a", "b"), pair("two", "a", "b"), pair("one ", "c", "d")},
            {pair("zero", "a", "b"), pair("one", "e", "f"), pair("one", "g", "h")});
        QCOMPARE(f.leaks, std::int64_t(2));
        QCOMPARE(f.leakedPrompts, std::int64_t(1));
        QCOMPARE(f.leakRows, (std::vector<RowPair> {{0, 1}, {2, 1}}));
    }

    void rowsOfTokenIds()
    {
        PreferencePair ids;
        ids.promptIds = {1, 2};
        ids.chosenIds = {3};
        ids.rejectedIds = {4, 5, 6};
        PreferencePair other = ids;
        other.promptIds = {1, 3};
        const DatasetFindings f = check({ids, other, ids});
        QCOMPARE(f.duplicateRows, (std::vector<RowPair> {{0, 2}}));
        QCOMPARE(f.rejectedLengths, (std::vector<std::int32_t> {3, 3, 3}));
        QCOMPARE(f.longerRejected, std::int64_t(3));
    }

    void otherKindsOfData()
    {
        const auto prompts = check({pair("p", "", ""), pair("p", "", "")}, {}, DatasetKind::Prompts);
        QCOMPARE(prompts.duplicates, std::int64_t(1));
        QVERIFY(prompts.identicalRows.empty() && prompts.conflictRows.empty() && prompts.chosenLengths.empty());
        const auto completions = check({pair("p", "a", ""), pair("p", "b", "")}, {}, DatasetKind::Completions);
        QCOMPARE(completions.duplicates + completions.conflicts + completions.identicalResponses, std::int64_t(0));
        QCOMPARE(completions.chosenLengths.size(), std::size_t(2));
        QVERIFY(completions.rejectedLengths.empty());
    }

    void lengths()
    {
        DatasetCheck check;
        check.add(pair("\xc3\xa4\xe2\x82\xac", "abc", "d"), DatasetKind::Pairs); // two characters
        QCOMPARE(check.findings().promptLengths.front(), 2);
        QVERIFY(!check.findings().inTokens);
        check.setLengths(7, 8, 9);
        check.add(pair("p", "a", "b"), DatasetKind::Pairs);
        check.setLengths(-1, -1, -1); // its row could not be tokenised
        const DatasetFindings f = check.findings();
        QVERIFY(f.inTokens);
        QCOMPARE(f.promptLengths, (std::vector<std::int32_t> {7, -1}));
        QCOMPARE(f.longerRejected, std::int64_t(1));
        QCOMPARE(f.longerChosen, std::int64_t(0));
    }

    void listsHaveAnEndAndCountsNot()
    {
        const DatasetFindings f = check(std::vector<PreferencePair>(1500, pair("p", "a", "b")));
        QCOMPARE(f.duplicates, std::int64_t(1499));
        QCOMPARE(f.duplicateRows.size(), DatasetFindings::kListed);
    }

    void summary()
    {
        std::vector<std::int32_t> lengths(100);
        std::iota(lengths.begin(), lengths.end(), 1);
        lengths.push_back(-1);
        const LengthSummary s = summarise(lengths);
        QCOMPARE(s.count, std::int64_t(100));
        QCOMPARE(s.total, std::int64_t(5050));
        QCOMPARE(s.mean, 50.5);
        QCOMPARE(s.shortest, std::int64_t(1));
        QCOMPARE(s.median, std::int64_t(50)); // half of them are no longer
        QCOMPARE(s.p95, std::int64_t(95));
        QCOMPARE(s.longest, std::int64_t(100));
        QCOMPARE(summarise({5}).median, std::int64_t(5));
        QCOMPARE(summarise({}).count, std::int64_t(0));
    }
};

QTEST_GUILESS_MAIN(TestDatasetCheck)
#include "tst_dataset_check.moc"
