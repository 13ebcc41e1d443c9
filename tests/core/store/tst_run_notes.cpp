// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_test.h"

#include <QTest>
#include <SQLiteCpp/Database.h>

using namespace mpo;
namespace fs = std::filesystem;

class TestRunNotes : public QObject
{
    Q_OBJECT

    static std::int64_t finishedRun(Project& project, const std::string& name)
    {
        const std::int64_t run = project.beginRun("dpo", name, {{"model", "base"}}, {});
        project.addMetrics(run, 1, 0.5, {{"loss", 0.5}});
        project.addSamples(run, {{1, 0, "prompt", "response", 0.5}});
        project.addAlarms(run, {{1, "alarm_kl", 3.0, 2.0, "KL is high"}});
        project.endRun(run, RunState::Finished, "");
        return run;
    }

private Q_SLOTS:
    void tagsAndNoteComeBack()
    {
        const TemporaryProject temporary;
        std::int64_t run = 0;
        {
            const auto project = temporary.open();
            run = finishedRun(*project, "a");
            QVERIFY(project->run(run)->tags.empty());
            project->setRunTags(run, {" baseline ", "good", "baseline", "", "\xc3\xa4"});
            project->setRunNote(run, "two\nlines");
        }
        const auto row = temporary.read()->run(run);
        QCOMPARE(row->tags, (std::vector<std::string> {"baseline", "good", "\xc3\xa4"}));
        QCOMPARE(row->note, std::string("two\nlines"));
    }

    void badTagsAreRefused()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const std::int64_t run = finishedRun(*project, "a");
        project->setRunTags(run, {"kept"});
        QVERIFY(contains(errorOf([&] { project->setRunTags(run, {"a,b"}); }), "cannot be a tag"));
        QVERIFY(contains(errorOf([&] { project->setRunTags(run, {std::string(65, 'x')}); }), "cannot be a tag"));
        QVERIFY(contains(errorOf([&] { project->setRunTags(run, {"a\nb"}); }), "cannot be a tag"));
        std::vector<std::string> many;
        for (int i = 0; i < 33; ++i)
            many.push_back(std::to_string(i));
        QVERIFY(contains(errorOf([&] { project->setRunTags(run, many); }), "32 tags"));
        QVERIFY(contains(errorOf([&] { project->setRunNote(run, std::string(1 << 17, 'x')); }), "too long"));
        QVERIFY(contains(errorOf([&] { project->setRunTags(99, {"x"}); }), "There is no run 99"));
        QVERIFY(contains(errorOf([&] { project->setRunNote(99, "x"); }), "There is no run 99"));
        QCOMPARE(project->run(run)->tags, std::vector<std::string> {"kept"});
    }

    void deletedRunComesBackWhole()
    {
        const TemporaryProject temporary;
        std::int64_t first = 0, second = 0;
        {
            const auto project = temporary.open();
            first = finishedRun(*project, "a");
            second = finishedRun(*project, "b");
            project->setRunTags(first, {"kept"});
            project->deleteRun(first);
            QCOMPARE(project->runs().size(), std::size_t(1));
            QVERIFY(!project->run(first));
            QVERIFY(contains(errorOf([&] { project->deleteRun(first); }), "There is no run"));
            QVERIFY(contains(errorOf([&] { project->restoreRun(second); }), "not among the deleted ones"));
        }
        const auto project = temporary.open(); // also after the program was closed
        QCOMPARE(project->deletedRuns().size(), std::size_t(1));
        QCOMPARE(project->deletedRuns().front().run.name, std::string("a"));
        QVERIFY(fs::exists(project->runFolder(first)));
        project->restoreRun(first);
        QVERIFY(project->deletedRuns().empty());
        QCOMPARE(project->run(first)->tags, std::vector<std::string> {"kept"});
        QCOMPARE(project->metrics(first).front().points.size(), std::size_t(1));
        QCOMPARE(project->samples(first).size(), std::size_t(1));
    }

    void runningRunIsNotDeleted()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const std::int64_t run = project->beginRun("dpo", "a", Json::object(), {});
        QVERIFY(contains(errorOf([&] { project->deleteRun(run); }), "is running"));
        QCOMPARE(project->runs().size(), std::size_t(1));
    }

    void erasedRunIsGone()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const std::int64_t run = finishedRun(*project, "a"), other = finishedRun(*project, "b");
        ModelRow model;
        model.name = "a";
        model.folder = "models/a";
        model.kind = "policy";
        model.run = run;
        project->addModel(model);
        QVERIFY(contains(errorOf([&] { project->eraseDeletedRun(run); }), "not among the deleted ones"));
        project->deleteRun(run);
        const fs::path folder = project->runFolder(run);
        project->eraseDeletedRun(run);
        QVERIFY(!fs::exists(folder));
        QVERIFY(project->deletedRuns().empty() && project->metrics(run).empty() && project->samples(run).empty());
        QVERIFY(!project->model("a")->run); // the model stays
        QCOMPARE(project->metrics(other).size(), std::size_t(1));
        QCOMPARE(project->beginRun("dpo", "c", Json::object(), {}), other + 1); // numbers are not used again
    }

    void afterAWeekItGoes()
    {
        const TemporaryProject temporary;
        std::int64_t old = 0, young = 0;
        fs::path folder;
        {
            const auto project = temporary.open();
            old = finishedRun(*project, "old");
            young = finishedRun(*project, "young");
            project->deleteRun(old);
            project->deleteRun(young);
            folder = project->runFolder(old);
        }
        SQLite::Database(temporary.folder / "project.db", SQLite::OPEN_READWRITE)
            .exec("UPDATE runs SET deleted=strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-8 days') WHERE name='old'");
        QCOMPARE(temporary.read()->deletedRuns().size(), std::size_t(2)); // a reader changes nothing
        const auto project = temporary.open();
        QCOMPARE(project->deletedRuns().size(), std::size_t(1));
        QCOMPARE(project->deletedRuns().front().run.id, young);
        QVERIFY(!fs::exists(folder));
    }
};

QTEST_GUILESS_MAIN(TestRunNotes)
#include "tst_run_notes.moc"
