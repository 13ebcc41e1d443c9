// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/lock_file.h"
#include "store_test.h"

#include "core/store/dataset_writer.h"

#include <QElapsedTimer>
#include <QTest>

#include <sqlite3.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace mpo;

class TestDatasets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void roundTrip();
    void tokenIds();
    void turns();
    void anOlderProject();
    void pages();
    void importReport();
    void names();
    void removal();
    void hundredThousandPairs();
    void writtenPairByPair();
    void givenUpOrKilledWhileWriting();
    void killedWhileAdding();
};

static void compare(const PreferencePair& a, const PreferencePair& b)
{
    QCOMPARE(a.prompt, b.prompt);
    QCOMPARE(a.chosen, b.chosen);
    QCOMPARE(a.rejected, b.rejected);
    QCOMPARE(a.promptIds, b.promptIds);
    QCOMPARE(a.chosenIds, b.chosenIds);
    QCOMPARE(a.rejectedIds, b.rejectedIds);
    QCOMPARE(a.line, b.line);
    QVERIFY(a.turns == b.turns);
    QVERIFY(a.confidence == b.confidence);
    QVERIFY(a.margin == b.margin);
}

void TestDatasets::roundTrip()
{
    const TemporaryProject temporary;
    auto dataset = smallDataset("data", 7);
    dataset.kind = DatasetKind::Completions;
    dataset.pairs[3].chosen = std::string("with\0null\n", 10);
    dataset.pairs[4].rejected.clear();
    std::int64_t id = 0;
    {
        const auto project = temporary.open();
        project->addDataset(smallDataset("before", 3), "test");
        id = project->addDataset(dataset, "/path/of/data.jsonl");
        project->addDataset(smallDataset("after", 3), "test");
    }
    const auto project = temporary.read();
    const auto row = project->dataset("data").value();
    QCOMPARE(row.id, id);
    QCOMPARE(row.source, std::string("/path/of/data.jsonl"));
    QCOMPARE(row.kind, DatasetKind::Completions);
    QCOMPARE(row.pairs, 7);
    QCOMPARE(row.digest, dataset.digest());
    QVERIFY(!row.created.empty());
    const auto loaded = project->loadDataset("data");
    QCOMPARE(loaded.name, dataset.name);
    QCOMPARE(loaded.kind, dataset.kind);
    QCOMPARE(loaded.digest(), dataset.digest());
    QCOMPARE(loaded.pairs.size(), dataset.pairs.size());
    for (std::size_t i = 0; i < loaded.pairs.size(); ++i)
        compare(loaded.pairs[i], dataset.pairs[i]);
    QCOMPARE(project->datasets().size(), std::size_t(3));
    QVERIFY(!project->importReport("data"));
}

void TestDatasets::tokenIds()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    Dataset dataset {"ids", DatasetKind::Pairs, {}};
    PreferencePair pair;
    pair.promptIds = {1, 2, 2147483647};
    pair.chosenIds = {3};
    dataset.pairs = {pair, smallDataset("x", 1).pairs[0]};
    project->addDataset(dataset, "test");
    const auto loaded = project->loadDataset("ids");
    compare(loaded.pairs.at(0), dataset.pairs[0]);
    compare(loaded.pairs.at(1), dataset.pairs[1]);
}

void TestDatasets::turns()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    auto dataset = smallDataset("talk", 3);
    const std::string plain = dataset.digest();
    dataset.pairs[1].turns = {{"system", "S"}, {"user", "line\n\xc3\xa4\"{"}};
    const std::string talk = dataset.digest();
    QVERIFY(talk != plain); // another text once a template puts its marks in
    dataset.pairs[1].confidence = 1.0 / 3.0;
    dataset.pairs[1].margin = -2.5;
    QVERIFY(dataset.digest() != talk);
    project->addDataset(dataset, "test");
    const auto loaded = project->loadDataset("talk");
    for (std::size_t i = 0; i < 3; ++i)
        compare(loaded.pairs.at(i), dataset.pairs[i]); // of the pair after it too: nothing is carried on
    QCOMPARE(loaded.digest(), project->dataset("talk")->digest);
}

/// A project that the first schema made keeps its pairs and digests, and takes new ones.
void TestDatasets::anOlderProject()
{
    const TemporaryProject temporary;
    std::filesystem::create_directories(temporary.folder);
    std::stringstream sql;
    sql << std::ifstream(MPO_FIXTURES "/store/schema1.sql").rdbuf();
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open((temporary.folder / "project.db").c_str(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, sql.str().c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);

    { // a reader brings it up to date, unless someone is writing
        const LockFile held(temporary.folder / "project.lock");
        QVERIFY(contains(errorOf([&] { temporary.read(); }), "older version"));
    }
    QCOMPARE(temporary.read()->datasets().size(), std::size_t(3));
    const auto project = temporary.open();
    QCOMPARE(project->datasets().size(), std::size_t(3));
    for (const DatasetRow& row : project->datasets())
        QCOMPARE(project->loadDataset(row.name).digest(), row.digest); // as the old program computed it
    const PreferencePair pair = project->loadDataset("talk").pairs.at(0);
    QCOMPARE(pair.prompt, std::string("\n\nSystem: S\n\nHuman: Q \xc3\xa4\n\nAssistant:"));
    QCOMPARE(pair.chosen, std::string(" A"));
    QVERIFY(pair.turns.empty() && !pair.margin && !pair.confidence);
    QCOMPARE(project->loadDataset("ids").pairs.at(0).rejectedIds, (TokenIds {4, 5}));
    auto dataset = smallDataset("new", 1);
    dataset.pairs[0].turns = {{"user", "Q"}};
    project->addDataset(dataset, "test");
    compare(project->loadDataset("new").pairs.at(0), dataset.pairs[0]);
}

void TestDatasets::pages()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    project->addDataset(smallDataset("other", 10), "test");
    project->addDataset(smallDataset("data", 10), "test");
    project->addDataset(smallDataset("third", 10), "test");
    const auto page = project->pairs("data", 8, 5);
    QCOMPARE(page.size(), std::size_t(2)); // and none of the third data set
    QCOMPARE(page[0].chosen, std::string("chosen 8"));
    QCOMPARE(project->pairs("data", 0, 3).at(0).line, 1);
    QVERIFY(project->pairs("data", 10, 5).empty());
    QCOMPARE(project->pairs("data", -3, std::numeric_limits<std::int64_t>::max()).size(), std::size_t(10));
}

void TestDatasets::importReport()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    ImportReport report;
    report.file = "data.jsonl";
    report.format = "pairs";
    report.records = 10;
    report.imported = 5;
    report.malformed = 1;
    report.emptyAnswers = 2;
    report.identicalResponses = 3;
    report.duplicates = 4;
    report.ties = 6;
    report.unpaired = 7;
    report.kind = DatasetKind::Completions;
    report.mapping = {{"prompt", "info.post"}, {"response", "text"}};
    report.issues
        = {{ImportIssue::Kind::Duplicate, 17, "same as line 3"}, {ImportIssue::Kind::Malformed, 18, "bytes \xff"}};
    project->addDataset(smallDataset("data"), "data.jsonl", &report);
    const auto loaded = project->importReport("data").value();
    QCOMPARE(loaded.file, report.file);
    QCOMPARE(loaded.format, report.format);
    QCOMPARE(loaded.records, 10);
    QCOMPARE(loaded.imported, 5);
    QCOMPARE(loaded.malformed, 1);
    QCOMPARE(loaded.emptyAnswers, 2);
    QCOMPARE(loaded.identicalResponses, 3);
    QCOMPARE(loaded.duplicates, 4);
    QCOMPARE(loaded.ties, 6);
    QCOMPARE(loaded.unpaired, 7);
    QCOMPARE(loaded.kind, DatasetKind::Completions);
    QVERIFY(loaded.mapping == report.mapping);
    QCOMPARE(loaded.issues.size(), std::size_t(2));
    QCOMPARE(loaded.issues[0].kind, ImportIssue::Kind::Duplicate);
    QCOMPARE(loaded.issues[0].line, 17);
    QCOMPARE(loaded.issues[0].reason, std::string("same as line 3"));
}

void TestDatasets::names()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QVERIFY(contains(errorOf([&] { project->loadDataset("x"); }), "has none yet"));
    project->addDataset(smallDataset("one"), "test");
    project->addDataset(smallDataset("two"), "test");
    const auto unknown = errorOf([&] { project->loadDataset("three"); });
    QVERIFY2(contains(unknown, "\"three\"") && contains(unknown, "\"one\", \"two\""), unknown.c_str());
    QVERIFY(contains(errorOf([&] { project->addDataset(smallDataset("one"), "test"); }), "another data set"));
    QVERIFY(!errorOf([&] { project->addDataset(smallDataset(""), "test"); }).empty());
    QCOMPARE(project->datasets().size(), std::size_t(2));
    QCOMPARE(project->loadDataset("two").pairs.size(), std::size_t(5)); // the refused ones left nothing behind
}

void TestDatasets::removal()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    project->addDataset(smallDataset("one", 4), "test");
    project->addDataset(smallDataset("two", 4), "test");
    project->addScoreSet(namedFor<ScoreSetRow>("scores", "one"), {});
    project->addSplit(namedFor<SplitRow>("split", "two"));
    QVERIFY(contains(errorOf([&] { project->removeDataset("one"); }), "score set \"scores\""));
    QVERIFY(contains(errorOf([&] { project->removeDataset("two"); }), "split \"split\""));
    project->addDataset(smallDataset("three", 4), "test");
    project->removeDataset("three");
    QVERIFY(!project->dataset("three"));
    QVERIFY(!errorOf([&] { project->removeDataset("three"); }).empty());
    project->addDataset(smallDataset("three", 6), "test");
    QCOMPARE(project->loadDataset("three").pairs.size(), std::size_t(6));
    QCOMPARE(project->loadDataset("two").pairs.size(), std::size_t(4));
}

void TestDatasets::hundredThousandPairs()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    auto dataset = smallDataset("big", 100'000);
    for (auto& pair : dataset.pairs)
        pair.chosen.append(200, 'c'), pair.rejected.append(200, 'r');
    QElapsedTimer timer;
    timer.start();
    project->addDataset(dataset, "test");
    qInfo("added in %lld ms", timer.restart());
    QCOMPARE(project->loadDataset("big").pairs.size(), dataset.pairs.size());
    qInfo("loaded in %lld ms", timer.restart());
    QCOMPARE(project->pairs("big", 99'990, 100).size(), std::size_t(10));
    qInfo("a page in %lld ms", timer.elapsed());
}

void TestDatasets::writtenPairByPair()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    project->addDataset(smallDataset("before", 3), "test");
    const auto dataset = smallDataset("big", 10'000); // three portions
    DatasetWriter writer(*project, "big");
    for (auto pair : dataset.pairs)
        writer.add(std::move(pair));
    QVERIFY(!project->dataset("big")); // not before it is whole
    QVERIFY(contains(errorOf([&] { project->addDataset(smallDataset("other"), "test"); }), "being imported"));
    QVERIFY(contains(errorOf([&] { DatasetWriter(*project, "third"); }), "being imported"));
    writer.finish(DatasetKind::Pairs, "big.jsonl", nullptr);
    QCOMPARE(project->dataset("big")->digest, dataset.digest());
    QCOMPARE(project->loadDataset("big").digest(), dataset.digest());
    QVERIFY(contains(errorOf([&] { DatasetWriter(*project, "big"); }), "another data set"));
}

void TestDatasets::givenUpOrKilledWhileWriting()
{
    const TemporaryProject temporary;
    const auto add = [&](Project& project, bool crash) {
        DatasetWriter writer(project, "half");
        for (auto& pair : smallDataset("half", 9000).pairs)
            writer.add(std::move(pair));
        if (crash)
            ::_exit(0);
    };
    const auto loosePairs = [&] {
        sqlite3* database = nullptr;
        int count = -1;
        sqlite3_open((temporary.folder / "project.db").c_str(), &database);
        sqlite3_exec(
            database, "SELECT count(*) FROM pairs",
            [](void* into, int, char** values, char**) {
                *static_cast<int*>(into) = std::atoi(values[0]);
                return 0;
            },
            &count, nullptr);
        sqlite3_close(database);
        return count;
    };
    {
        const auto project = temporary.open();
        project->addDataset(smallDataset("one", 4), "test");
        add(*project, false);
        QVERIFY(!project->dataset("half"));
        QCOMPARE(loosePairs(), 4);
        project->addDataset(smallDataset("two", 4), "test");
    }
    QCOMPARE(exitCodeOfChild([&]() -> int {
        add(*temporary.open(), true);
        return 1;
    }),
        0);
    QCOMPARE(loosePairs(), 8 + 8192); // two portions of the one that was killed
    const auto project = temporary.open();
    QCOMPARE(loosePairs(), 8);
    QCOMPARE(project->loadDataset("two").pairs.size(), std::size_t(4));
}

void TestDatasets::killedWhileAdding()
{
    auto dataset = smallDataset("big", 60'000);
    for (auto& pair : dataset.pairs)
        pair.chosen.append(300, 'c');
    int cut = 0;
    for (const unsigned megabytes : {1u, 5u, 10u}) { // of about 25 that go into the log before the transaction ends
        const TemporaryProject temporary;
        temporary.open();
        const pid_t child = ::fork();
        if (child == 0) {
            const auto project = temporary.open();
            project->addDataset(dataset, "test");
            project->setValue("done", "yes"); // what a caller does after the call returned
            ::_exit(0);
        }
        const auto log = temporary.folder / "project.db-wal";
        std::error_code error;
        const auto grown = [&] { // file_size is the largest number for a file that is not there
            const auto size = std::filesystem::file_size(log, error);
            return !error && size > megabytes << 20;
        };
        for (int i = 0; i < 5000 && !grown(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        const auto project = temporary.open();
        if (project->dataset("big")) {
            QCOMPARE(project->loadDataset("big").digest(), dataset.digest()); // all of it
        } else {
            ++cut;
            QVERIFY(!project->value("done"));
            project->addDataset(dataset, "test"); // nothing is in the way of doing it again
            QCOMPARE(project->loadDataset("big").pairs.size(), dataset.pairs.size());
        }
    }
    QVERIFY(cut > 0); // else the test has tested nothing
}

QTEST_GUILESS_MAIN(TestDatasets)
#include "tst_datasets.moc"
