// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"

#include "store_test.h"

#include <SQLiteCpp/Database.h>

#include <QRegularExpression>
#include <QTest>

#include <fstream>
#include <thread>

using mpo::Project;
namespace fs = std::filesystem;

class TestProject : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void makesAFolderAndOpensItAgain();
    void valuesAreKept();
    void modelsRoundTrip();
    void modelNamesStayInTheirFolder();
    void freeNameLooksAtEverything();
    void refusesAFolderThatIsNoProject();
    void refusesGarbage();
    void refusesTheDatabaseOfAnotherProgram();
    void refusesANewerSchema();
    void secondWriterIsRefused();
    void lockEndsWithItsProcess();
    void readsBesideAWriter();
    void readersCannotWrite();
    void readsAFolderThatCannotBeWritten();
    void diedWhileMakingTheProject();
    void damagedDatabaseGivesASentence();
    void manyThreads();
    void logIsCopiedBack();
    void defaultFolder();
};

void TestProject::makesAFolderAndOpensItAgain()
{
    const TemporaryProject temporary;
    QVERIFY(!Project::isProject(temporary.folder));
    {
        const auto project = Project::open(temporary.folder.string() + "/");
        QCOMPARE(project->folder(), temporary.folder);
        QCOMPARE(project->name(), std::string("test"));
        QVERIFY(fs::is_directory(temporary.folder / "models"));
        QVERIFY(fs::is_directory(temporary.folder / "runs"));
    }
    QVERIFY(Project::isProject(temporary.folder));
    QCOMPARE(temporary.open()->access(), Project::Access::ReadWrite);
}

void TestProject::valuesAreKept()
{
    const TemporaryProject temporary;
    const std::string binary("a\0b\n", 4);
    {
        const auto project = temporary.open();
        QVERIFY(!project->value("window"));
        project->setValue("window", "first");
        project->setValue("window", binary);
    }
    QCOMPARE(temporary.open()->value("window").value(), binary);
}

void TestProject::modelsRoundTrip()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "m", {}, {});
    mpo::ModelRow model {
        0, "m", "models/m", "policy", "llama", "abc", 1'234'567'890'123, run, "base", "2026-01-02T03:04:05Z"};
    const auto id = project->addModel(model);
    mpo::ModelRow other {0, "reward", "/elsewhere", "reward", "gpt2", "def", 7, std::nullopt, std::nullopt, ""};
    project->addModel(other);
    model.digest = "changed";
    QCOMPARE(project->addModel(model), id); // replaced, not added
    QCOMPARE(project->models().size(), std::size_t(2));

    const auto found = project->model("m").value();
    QCOMPARE(found.id, id);
    QCOMPARE(found.folder, model.folder);
    QCOMPARE(found.kind, model.kind);
    QCOMPARE(found.family, model.family);
    QCOMPARE(found.digest, std::string("changed"));
    QCOMPARE(found.parameters, model.parameters);
    QCOMPARE(found.run.value(), run);
    QCOMPARE(found.parent.value(), std::string("base"));
    QCOMPARE(found.created, model.created);
    const auto second = project->model("reward").value();
    QVERIFY(!second.run && !second.parent);
    QVERIFY(!second.created.empty());
    QVERIFY(!project->model("none"));
}

void TestProject::modelNamesStayInTheirFolder()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QCOMPARE(project->modelFolder("a model"), temporary.folder / "models" / "a model");
    for (const char* name : {"", "..", "../x", "a/b", "/etc", ".hidden", "a\\b"}) {
        QVERIFY2(!errorOf([&] { project->modelFolder(name); }).empty(), name);
        QVERIFY2(!errorOf([&] { project->addModel(named<mpo::ModelRow>(name)); }).empty(), name);
    }
    QVERIFY(!errorOf([&] { project->addModel(named<mpo::ModelRow>("two\nlines")); }).empty());
}

void TestProject::freeNameLooksAtEverything()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QCOMPARE(project->freeName("name"), std::string("name"));
    project->addDataset(smallDataset("name"), "test");
    QCOMPARE(project->freeName("name"), std::string("name-2"));
    project->addModel(named<mpo::ModelRow>("name-2"));
    project->addScoreSet(named<mpo::ScoreSetRow>("name-3"), {});
    project->addSplit(named<mpo::SplitRow>("name-4"));
    project->addEvaluation(named<mpo::EvaluationRow>("name-5"), {});
    QCOMPARE(project->freeName("name"), std::string("name-6"));
    project->addModel(named<mpo::ModelRow>("name-7"));
    QCOMPARE(project->freeName("name"), std::string("name-6")); // the first gap
}

void TestProject::refusesAFolderThatIsNoProject()
{
    const TemporaryProject temporary;
    fs::create_directories(temporary.folder);
    QVERIFY(contains(errorOf([&] { temporary.read(); }), "is not a project"));
    std::ofstream(temporary.folder / "letter.txt") << "dear";
    const auto error = errorOf([&] { temporary.open(); });
    QVERIFY2(contains(error, "not empty") && contains(error, temporary.folder), error.c_str());
    QVERIFY(!fs::exists(temporary.folder / "project.db"));
    QVERIFY(contains(errorOf([&] { Project::open(temporary.folder / "letter.txt"); }), "is a file"));
}

void TestProject::refusesGarbage()
{
    const TemporaryProject temporary;
    fs::create_directories(temporary.folder);
    const auto file = temporary.folder / "project.db";
    std::ofstream(file) << std::string(5000, 'x');
    for (const auto access : {Project::Access::ReadWrite, Project::Access::ReadOnly}) {
        const auto error = errorOf([&] { Project::open(temporary.folder, access); });
        QVERIFY2(contains(error, "is not a database"), error.c_str());
    }
    QCOMPARE(fs::file_size(file), std::uintmax_t(5000)); // untouched
}

void TestProject::refusesTheDatabaseOfAnotherProgram()
{
    const TemporaryProject temporary;
    fs::create_directories(temporary.folder);
    const auto file = (temporary.folder / "project.db").string();
    SQLite::Database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE bookmarks(url)");
    for (const auto access : {Project::Access::ReadWrite, Project::Access::ReadOnly}) {
        const auto error = errorOf([&] { Project::open(temporary.folder, access); });
        QVERIFY2(contains(error, "another program"), error.c_str());
    }
    SQLite::Database database(file);
    QCOMPARE(database.execAndGet("PRAGMA journal_mode").getString(), std::string("delete"));
    QVERIFY(!database.tableExists("pairs"));
}

void TestProject::refusesANewerSchema()
{
    const TemporaryProject temporary;
    temporary.open();
    SQLite::Database((temporary.folder / "project.db").string(), SQLite::OPEN_READWRITE)
        .exec("PRAGMA user_version=4711");
    for (const auto access : {Project::Access::ReadWrite, Project::Access::ReadOnly}) {
        const auto error = errorOf([&] { Project::open(temporary.folder, access); });
        QVERIFY2(contains(error, "newer version") && contains(error, "4711"), error.c_str());
    }
}

void TestProject::secondWriterIsRefused()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QVERIFY(contains(errorOf([&] { temporary.open(); }), "already open for writing in this program"));
    const auto parent = ::getpid();
    const int code = exitCodeOfChild([&] {
        const auto error = errorOf([&] { temporary.open(); });
        return contains(error, fmt::format("process {}", parent)) ? 0 : 1;
    });
    QCOMPARE(code, 0);
    project->setValue("still", "ours");
}

void TestProject::lockEndsWithItsProcess()
{
    const TemporaryProject temporary;
    QCOMPARE(exitCodeOfChild([&] {
        const auto project = temporary.open();
        project->setValue("key", "of the dead");
        ::_exit(7);
        return 0;
    }),
        7);
    QCOMPARE(temporary.open()->value("key").value(), std::string("of the dead"));
}

void TestProject::readsBesideAWriter()
{
    const TemporaryProject temporary;
    const auto writer = temporary.open();
    writer->setValue("key", "one");
    const auto reader = temporary.read();
    QCOMPARE(reader->value("key").value(), std::string("one"));
    writer->setValue("key", "two");
    QCOMPARE(reader->value("key").value(), std::string("two"));
    const int code = exitCodeOfChild([&] { return temporary.read()->value("key") == "two" ? 0 : 1; });
    QCOMPARE(code, 0);
    writer->setValue("key", "three");
    QCOMPARE(reader->value("key").value(), std::string("three"));
}

void TestProject::readersCannotWrite()
{
    const TemporaryProject temporary;
    temporary.open();
    const auto reader = temporary.read();
    QVERIFY(contains(errorOf([&] { reader->setValue("a", "b"); }), "reading only"));
    QVERIFY(contains(errorOf([&] { reader->beginRun("dpo", "x", {}, {}); }), "reading only"));
    QVERIFY(fs::is_empty(temporary.folder / "runs"));
}

void TestProject::readsAFolderThatCannotBeWritten()
{
    const TemporaryProject temporary;
    temporary.open()->setValue("key", "value");
    fs::permissions(temporary.folder, fs::perms::owner_read | fs::perms::owner_exec);
    if (::access(temporary.folder.c_str(), W_OK) == 0)
        QSKIP("root may write everywhere");
    QCOMPARE(temporary.read()->value("key").value(), std::string("value"));
    QVERIFY(!errorOf([&] { temporary.open()->setValue("key", "other"); }).empty());
    fs::permissions(temporary.folder, fs::perms::owner_all);
}

void TestProject::diedWhileMakingTheProject()
{
    const TemporaryProject temporary;
    fs::create_directories(temporary.folder);
    std::ofstream(temporary.folder / "project.lock") << "123456\n";
    temporary.open();
    fs::remove_all(temporary.folder);
    fs::create_directories(temporary.folder);
    std::ofstream(temporary.folder / "project.db"); // SQLite makes the file before it fills it
    temporary.open()->setValue("key", "value");
    QCOMPARE(temporary.read()->value("key").value(), std::string("value"));
}

void TestProject::damagedDatabaseGivesASentence()
{
    const TemporaryProject temporary;
    temporary.open()->addDataset(smallDataset("data", 2000), "test");
    const auto file = temporary.folder / "project.db";
    {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(4096);
        stream << std::string(std::size_t(fs::file_size(file)) - 4096, '\x5a');
    }
    const auto error = errorOf([&] { temporary.open()->loadDataset("data"); });
    QVERIFY2(contains(error, "damaged") && contains(error, "project.db"), error.c_str());
}

void TestProject::manyThreads()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "x", {}, {});
    std::vector<std::thread> threads;
    std::atomic<int> failures = 0;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i)
                failures += !errorOf([&] {
                    project->addMetrics(run, t * 25 + i, 0.5, {{"loss", double(i)}});
                    project->metrics(run);
                }).empty();
        });
    for (auto& thread : threads)
        thread.join();
    QCOMPARE(failures.load(), 0);
    QCOMPARE(project->metrics(run).at(0).points.size(), std::size_t(100));
}

void TestProject::logIsCopiedBack()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const std::string megabyte(1 << 20, 'm');
    for (int i = 0; i < 40; ++i)
        project->setValue("key", megabyte);
    // Each value is a megabyte; without checkpoints of our own the log would hold all forty.
    const auto log = fs::file_size(temporary.folder / "project.db-wal");
    QVERIFY2(log < 12u << 20, qPrintable(QString::number(log)));
}

void TestProject::defaultFolder()
{
    qputenv("XDG_DATA_HOME", "/data/home");
    QCOMPARE(mpo::defaultProjectFolder(), fs::path("/data/home/mpo-studio/default.mpo"));
    qputenv("XDG_DATA_HOME", "relative");
    qputenv("HOME", "/home/someone");
    QCOMPARE(mpo::defaultProjectFolder(), fs::path("/home/someone/.local/share/mpo-studio/default.mpo"));
    qunsetenv("XDG_DATA_HOME");
    QCOMPARE(mpo::defaultProjectFolder(), fs::path("/home/someone/.local/share/mpo-studio/default.mpo"));
    const QRegularExpression iso(QStringLiteral("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$"));
    QVERIFY(iso.match(QString::fromStdString(mpo::nowUtc())).hasMatch());
}

QTEST_GUILESS_MAIN(TestProject)
#include "tst_project.moc"
