// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/disk_use.h"
#include "core/runs/run_import.h"
#include "core/support/file.h"
#include "tests/core/store/store_test.h"

#include <QTest>

#include <cmath>
#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestRunImport : public QObject
{
    Q_OBJECT

    const fs::path m_fixtures = fs::path(MPO_FIXTURES) / "runs";

    static void copy(const fs::path& from, const fs::path& to)
    {
        fs::create_directories(to.parent_path());
        fs::copy(from, to, fs::copy_options::recursive);
    }
    static void writeState(const fs::path& file, int step)
    {
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "{\"log_history\": [{\"loss\": 1.5, \"step\": " << step << "}]}";
    }

private Q_SLOTS:
    void everyFolderWithEventsIsARun()
    {
        const TemporaryProject temporary;
        const fs::path top = fs::path(temporary.root.path().toStdString()) / "logs";
        copy(m_fixtures / "trainer", top / "dpo" / "first");
        copy(m_fixtures / "restarted", top / "ppo");
        fs::create_directories(top / "broken");
        std::ofstream(top / "broken" / "events.out.tfevents.1") << "nonsense that is long enough";
        writeState(top / "dpo" / "trainer_state.json", 3); // the events say more
        const FoundRuns found = findRuns(top);
        QCOMPARE(found.runs.size(), std::size_t(2));
        QCOMPARE(found.runs[0].name, std::string("dpo/first"));
        QCOMPARE(found.runs[1].name, std::string("ppo"));
        QCOMPARE(found.problems.size(), std::size_t(1));
        QVERIFY(contains(found.problems.front(), "broken/events.out.tfevents.1"));
        QCOMPARE(findRuns(top / "ppo").runs.front().name, std::string("ppo"));
        QCOMPARE(findRuns(top / "ppo" / "").runs.front().name, std::string("ppo"));
    }

    void ofCheckpointsTheLatestCounts()
    {
        const TemporaryProject temporary;
        const fs::path top = fs::path(temporary.root.path().toStdString()) / "out";
        for (const int step : {5, 100, 20})
            writeState(top / "a" / ("checkpoint-" + std::to_string(step)) / "trainer_state.json", step);
        for (const int step : {5, 7})
            writeState(top / "b" / ("checkpoint-" + std::to_string(step)) / "trainer_state.json", step);
        writeState(top / "b" / "trainer_state.json", 6);
        writeState(top / "checkpoint-99999999999999999999" / "trainer_state.json", 9); // no number: a folder's name
        const FoundRuns found = findRuns(top);
        QCOMPARE(found.runs.size(), std::size_t(3));
        QCOMPARE(found.runs[0].name, std::string("a"));
        QCOMPARE(found.runs[0].lastStep, std::int64_t(100));
        QCOMPARE(found.runs[1].name, std::string("b"));
        QCOMPARE(found.runs[1].lastStep, std::int64_t(6)); // what stands in the folder itself was written at the end
        QCOMPARE(found.runs[2].lastStep, std::int64_t(9));
    }

    void nothingThere()
    {
        const TemporaryProject temporary;
        const fs::path top = temporary.root.path().toStdString();
        QVERIFY(contains(errorOf([&] { findRuns(top / "nowhere"); }), "no such file or folder"));
        QVERIFY(contains(errorOf([&] { findRuns(top); }), "neither event files"));
        std::ofstream(top / "notes.txt") << "x";
        QVERIFY(contains(errorOf([&] { findRuns(top / "notes.txt"); }), "is no event file"));
        std::ofstream(top / "events.out.tfevents.1") << "nonsense that is long enough";
        QVERIFY(contains(errorOf([&] { findRuns(top); }), "events.out.tfevents.1"));
    }

    void importedRunIsInTheProject()
    {
        const TemporaryProject temporary;
        std::int64_t id = 0;
        {
            const auto project = temporary.open();
            id = importRun(*project, findRuns(m_fixtures / "trainer").runs.front());
        }
        const auto project = temporary.open(); // it is on disk
        const RunRow row = project->run(id).value();
        QCOMPARE(row.stage, std::string("import"));
        QCOMPARE(row.name, std::string("trainer"));
        QCOMPARE(row.state, RunState::Finished);
        QCOMPARE(row.steps, std::int64_t(30));
        QCOMPARE(row.started, std::string("2025-10-09T08:53:21Z"));
        QCOMPARE(row.ended, std::string("2025-10-09T08:54:05Z"));
        QCOMPARE(row.config.at("settings").at("beta").get<double>(), 0.1);
        std::size_t points = 0;
        for (const MetricSeries& series : project->metrics(id))
            points += series.points.size();
        QCOMPARE(points, std::size_t(91));
        const std::string lines = readTextFile(project->runFolder(id) / "metrics.jsonl");
        QCOMPARE(std::count(lines.begin(), lines.end(), '\n'), 30);
        QVERIFY(diskUse(project->runFolder(id)) >= lines.size());
    }

    void whatIsExportedIsImportedAgain_data()
    {
        QTest::addColumn<int>("format");
        QTest::newRow("TensorBoard") << int(RunFormat::TensorBoard);
        QTest::newRow("trainer_state.json") << int(RunFormat::TrainerState);
    }

    void whatIsExportedIsImportedAgain()
    {
        QFETCH(int, format);
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const std::int64_t first
            = project->beginRun("dpo", "a/b", {{"model", "base"}, {"settings", {{"beta", 0.5}}}}, {});
        const std::int64_t second = project->beginRun("sft", "c", Json::object(), {});
        const std::int64_t empty = project->beginRun("sample", "d", Json::object(), {});
        for (int step = 1; step <= 3; ++step)
            project->addMetrics(first, step, step, {{"loss", 1.0 / step}, {"rewards/margins", 0.5}});
        project->addMetrics(second, 1, 0.5, {{"loss", 2.0}, {"eval_loss", 3.0}});
        const fs::path out = fs::path(temporary.root.path().toStdString()) / "out";
        for (int round = 0; round < 2; ++round) // the second replaces the first
            exportRuns(*project, {first, second, empty}, static_cast<RunFormat>(format), out);
        QCOMPARE(std::distance(fs::directory_iterator(out), fs::directory_iterator()), std::ptrdiff_t(2));
        const FoundRuns found = findRuns(out);
        QCOMPARE(found.runs.size(), std::size_t(2));
        QCOMPARE(found.runs[0].name, std::string("1-dpo-a-b"));
        const std::vector<MetricSeries> before = project->metrics(first);
        const auto& after = found.runs[0].metrics;
        QCOMPARE(after.size(), before.size());
        for (const MetricSeries& series : before) {
            const auto same = std::find_if(
                after.begin(), after.end(), [&](const MetricSeries& one) { return one.name == series.name; });
            QVERIFY(same != after.end());
            QCOMPARE(same->points.size(), series.points.size());
            QVERIFY(std::abs(same->points[2].value - series.points[2].value) < 1e-7); // fp32 in event files
        }
        QVERIFY(contains(errorOf([&] { exportRuns(*project, {empty}, RunFormat::TensorBoard, out); }), "no metrics"));
        QVERIFY(contains(errorOf([&] { exportRuns(*project, {99}, RunFormat::TensorBoard, out); }), "no run 99"));
    }
};

QTEST_GUILESS_MAIN(TestRunImport)
#include "tst_run_import.moc"
