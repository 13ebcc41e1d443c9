// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"
#include "store_test.h"

#include <QElapsedTimer>
#include <QTest>

#include <cmath>
#include <fstream>
#include <limits>

using namespace mpo;
namespace fs = std::filesystem;

class TestRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void roundTrip();
    void stateNames();
    void interruptedRun();
    void numbersAreNotUsedAgain();
    void unknownRuns();
    void metrics();
    void metricsFile();
    void metricsAreForgottenBeforeAResume();
    void metricsFileFollowsTheDatabase();
    void alarms();
    void metricsSurviveACrash();
    void samples();
    void onlyWhatIsNew();
};

void TestRuns::roundTrip()
{
    const TemporaryProject temporary;
    const Json config {{"model", "base"}, {"settings", {{"learning_rate", 1e-5}, {"seed", 42}}}};
    std::int64_t first = 0, second = 0;
    {
        const auto project = temporary.open();
        first = project->beginRun("dpo", "out", config, {"base", "data"});
        second = project->beginRun("ppo", "out-2", Json::object(), {});
        project->setRunProgress(first, 17, 100);
        QCOMPARE(project->run(first)->state, RunState::Running);
        QVERIFY(project->run(first)->ended.empty());
        project->endRun(first, RunState::Failed, "Out of memory.");
        project->endRun(second, RunState::Finished, "");
    }
    const auto project = temporary.read();
    const auto runs = project->runs();
    QCOMPARE(runs.size(), std::size_t(2));
    QCOMPARE(runs[0].id, second); // newest first
    const auto run = project->run(first).value();
    QCOMPARE(run.stage, std::string("dpo"));
    QCOMPARE(run.name, std::string("out"));
    QCOMPARE(run.state, RunState::Failed);
    QCOMPARE(run.message, std::string("Out of memory."));
    QVERIFY(run.config == config);
    QCOMPARE(run.parents, (std::vector<std::string> {"base", "data"}));
    QCOMPARE(run.steps, 17);
    QCOMPARE(run.totalSteps, 100);
    QVERIFY(!run.started.empty() && !run.ended.empty());
    QCOMPARE(run.folder, fmt::format("runs/{}-dpo", first));
    QCOMPARE(project->runFolder(first), temporary.folder / run.folder);
    QVERIFY(readJsonFile(project->runFolder(first) / "config.json") == config);
}

void TestRuns::stateNames()
{
    QCOMPARE(runStateName(RunState::Running), std::string_view("running"));
    QCOMPARE(runStateName(RunState::Finished), std::string_view("finished"));
    QCOMPARE(runStateName(RunState::Stopped), std::string_view("stopped"));
    QCOMPARE(runStateName(RunState::Failed), std::string_view("failed"));
    QCOMPARE(runStateName(RunState::Interrupted), std::string_view("interrupted"));
    QCOMPARE(runStateName(RunState::Paused), std::string_view("paused"));
}

void TestRuns::interruptedRun()
{
    const TemporaryProject temporary;
    QCOMPARE(exitCodeOfChild([&] {
        const auto project = temporary.open();
        project->endRun(project->beginRun("sft", "a", {}, {}), RunState::Finished, "");
        project->setRunProgress(project->beginRun("dpo", "b", {}, {}), 5, 10);
        ::_exit(0);
        return 1;
    }),
        0);
    QCOMPARE(temporary.read()->run(2)->state, RunState::Running); // a reader changes nothing
    const auto project = temporary.open();
    QCOMPARE(project->run(1)->state, RunState::Finished);
    QCOMPARE(project->run(2)->state, RunState::Interrupted);
    QCOMPARE(project->run(2)->steps, 5);
    QVERIFY(!project->run(2)->message.empty());
    project->reopenRun(2);
    QCOMPARE(project->run(2)->state, RunState::Running);
    QVERIFY(project->run(2)->message.empty() && project->run(2)->ended.empty());
}

void TestRuns::numbersAreNotUsedAgain()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("sft", "a", {}, {});
    // What a program leaves that died between making the folder and the end of the transaction.
    const auto leftover = temporary.folder / fmt::format("runs/{}-sft", run + 1);
    fs::create_directories(leftover);
    std::ofstream(leftover / "metrics.jsonl") << "{\"step\":1}\n";
    QCOMPARE(project->beginRun("sft", "b", {}, {}), run + 1);
    QVERIFY(!fs::exists(leftover / "metrics.jsonl"));
    QVERIFY(!errorOf([&] { project->beginRun("../x", "c", {}, {}); }).empty());
    QCOMPARE(project->runs().size(), std::size_t(2));
}

void TestRuns::unknownRuns()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QVERIFY(!project->run(3));
    QVERIFY(contains(errorOf([&] { project->runFolder(3); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->setRunProgress(3, 1, 2); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->endRun(3, RunState::Finished, ""); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->reopenRun(3); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->addMetrics(3, 1, 0.0, {{"loss", 1.0}}); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->addSamples(3, {}); }), "no run 3"));
    QVERIFY(contains(errorOf([&] { project->truncateMetrics(3, 1); }), "no run 3"));
    QVERIFY(project->metrics(3).empty());
}

void TestRuns::metrics()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "a", {}, {});
    const auto other = project->beginRun("dpo", "b", {}, {});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    QElapsedTimer timer;
    timer.start();
    for (int step = 1; step <= 200; ++step)
        project->addMetrics(run, step, step * 0.5,
            {{"loss", step == 100 ? nan : 1.0 / step}, {"rewards/margins", step == 101 ? -infinity : double(step)}});
    qInfo("%.3f ms a step", double(timer.nsecsElapsed()) / 200e6);
    project->addMetrics(other, 1, 0.0, {{"rewards/margins", 7.0}});

    const auto series = project->metrics(run);
    QCOMPARE(series.size(), std::size_t(2));
    QCOMPARE(series[0].name, std::string("loss"));
    QCOMPARE(series[1].name, std::string("rewards/margins"));
    QCOMPARE(series[0].points.size(), std::size_t(200));
    QCOMPARE(series[0].points[2].step, 3);
    QCOMPARE(series[0].points[2].seconds, 1.5);
    QVERIFY(series[0].points[2].value == 1.0 / 3.0); // every bit
    QVERIFY(std::isnan(series[0].points[99].value)); // kept, not smoothed over
    QVERIFY(series[1].points[100].value == -infinity);
    QCOMPARE(project->metrics(other).size(), std::size_t(1));
    QCOMPARE(project->metrics(other)[0].points.size(), std::size_t(1));

    project->addMetrics(run, 3, 9.0, {{"loss", 5.0}}); // a step that is repeated counts once
    QCOMPARE(project->metrics(run)[0].points.size(), std::size_t(200));
    QCOMPARE(project->metrics(run)[0].points[2].value, 5.0);
}

void TestRuns::metricsFile()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "a", {}, {});
    project->addMetrics(run, 1, 0.25, {{"loss", 0.5}});
    project->addMetrics(run, 2, 0.5, {{"loss", std::numeric_limits<double>::quiet_NaN()}});
    QCOMPARE(readTextFile(project->runFolder(run) / "metrics.jsonl"),
        std::string("{\"step\":1,\"seconds\":0.25,\"loss\":0.5}\n{\"step\":2,\"seconds\":0.5,\"loss\":null}\n"));
}

void TestRuns::metricsAreForgottenBeforeAResume()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "a", {}, {});
    for (int step = 1; step <= 5; ++step)
        project->addMetrics(run, step, step, {{"loss", 1.0}});
    project->addSamples(run, {{2, 0, "p", "r", 1.0}, {4, 0, "p", "r", 1.0}});
    const auto file = project->runFolder(run) / "metrics.jsonl";
    std::ofstream(file, std::ios::app) << "{\"step\":6,\"sec"; // cut off by a full disk
    project->truncateMetrics(run, 3);
    project->addMetrics(run, 4, 4, {{"loss", 2.0}});
    const auto points = project->metrics(run).at(0).points;
    QCOMPARE(points.size(), std::size_t(4));
    QCOMPARE(points[3].value, 2.0);
    QCOMPARE(project->samples(run).size(), std::size_t(1));
    const auto text = readTextFile(file);
    QCOMPARE(std::count(text.begin(), text.end(), '\n'), 4);
    QVERIFY(text.ends_with("{\"step\":4,\"seconds\":4.0,\"loss\":2.0}\n"));
    QVERIFY(text.starts_with("{\"step\":1,"));
}

/// Whatever a power cut left in the file: lines missing, twice, of later steps, not whole.
void TestRuns::metricsFileFollowsTheDatabase()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "a", {}, {});
    for (int step = 1; step <= 4; ++step)
        project->addMetrics(run, step, step, {{"loss", 1.0 / step}, {"grad_norm", std::nan("")}});
    const auto file = project->runFolder(run) / "metrics.jsonl";
    const std::string whole = readTextFile(file);
    const std::string first = whole.substr(0, whole.find('\n') + 1);
    for (const std::string& left : {std::string(), first + first, whole + "{\"step\":9}\n", whole.substr(0, 150),
             std::string("\0\0\0\n", 4) + whole + whole}) {
        project->truncateMetrics(run, 4); // closes it
        std::ofstream(file, std::ios::binary) << left;
        project->truncateMetrics(run, 4);
        QCOMPARE(readTextFile(file), whole);
    }
    fs::remove(file);
    project->truncateMetrics(run, 1);
    QCOMPARE(readTextFile(file), first);
}

void TestRuns::alarms()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("dpo", "a", {}, {});
    project->addAlarms(run, {{3, "alarm_kl", 21.5, 20.0, "one"}, {5, "alarm_ratio", 2.0, 1.5, "two"}});
    project->addAlarms(run, {{4, "alarm_length", 30.0, 20.0, "between"}});
    QVERIFY(contains(errorOf([&] { project->addAlarms(99, {{1, "a", 0, 0, ""}}); }), "no run 99"));
    auto alarms = project->alarms(run);
    QCOMPARE(alarms.size(), std::size_t(3));
    QCOMPARE(alarms[1].text, std::string("between"));
    QCOMPARE(alarms[0].value, 21.5);
    QCOMPARE(alarms[2].threshold, 1.5);
    project->endAlarms(run, {"alarm_kl", "unknown"}, 5);
    project->endAlarms(run, {"alarm_kl"}, 6); // has ended before
    QCOMPARE(project->alarms(run)[0].ended, std::optional<std::int64_t>(5));
    QVERIFY(!project->alarms(run)[1].ended);
    project->truncateMetrics(run, 4);
    alarms = project->alarms(run);
    QCOMPARE(alarms.size(), std::size_t(2));
    QVERIFY(!alarms[0].ended); // the step in which it ended is repeated
}

void TestRuns::metricsSurviveACrash()
{
    const TemporaryProject temporary;
    QCOMPARE(exitCodeOfChild([&] {
        const auto project = temporary.open();
        const auto run = project->beginRun("dpo", "a", {}, {});
        for (int step = 1; step <= 10; ++step)
            project->addMetrics(run, step, 0, {{"loss", double(step)}});
        ::_exit(0);
        return 1;
    }),
        0);
    const auto project = temporary.open();
    QCOMPARE(project->metrics(1).at(0).points.size(), std::size_t(10));
    const auto text = readTextFile(project->runFolder(1) / "metrics.jsonl");
    QCOMPARE(std::count(text.begin(), text.end(), '\n'), 10);
}

void TestRuns::samples()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto run = project->beginRun("sample", "a", {}, {});
    project->addSamples(run, {{10, 1, "p1", "later", std::nullopt}, {0, 0, "p0", "first", -1.5}});
    project->addSamples(run, {{10, 0, "p0", "middle", 2.0}});
    const auto samples = project->samples(run);
    QCOMPARE(samples.size(), std::size_t(3));
    QCOMPARE(samples[0].response, std::string("first"));
    QCOMPARE(samples[0].score.value(), -1.5);
    QCOMPARE(samples[1].response, std::string("middle"));
    QCOMPARE(samples[2].response, std::string("later"));
    QCOMPARE(samples[2].prompt, std::string("p1"));
    QCOMPARE(samples[2].step, 10);
    QCOMPARE(samples[2].item, 1);
    QVERIFY(!samples[2].score);
}

/// What a reader asks for that follows the writer.
void TestRuns::onlyWhatIsNew()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto reader = temporary.read();
    const std::int64_t before = reader->changeCounter();
    QCOMPARE(reader->changeCounter(), before);
    const std::int64_t run = project->beginRun("dpo", "out", Json::object(), {});
    QVERIFY(reader->changeCounter() != before);
    for (int step = 1; step <= 4; ++step) {
        project->addMetrics(run, step, step * 0.5, {{"loss", 1.0 / step}, {"bad", std::nan("")}});
        project->addSamples(run, {{step, 0, "why?", "because", 0.5}});
    }
    QVERIFY(reader->metricsAfter(run, 4).empty());
    const auto steps = reader->metricsAfter(run, 2);
    QCOMPARE(steps.size(), std::size_t(2));
    QCOMPARE(steps[0].step, std::int64_t(3));
    QCOMPARE(steps[0].seconds, 1.5);
    QCOMPARE(steps[0].metrics.size(), std::size_t(2));
    QCOMPARE(steps[0].metrics[0].name, std::string("loss"));
    QCOMPARE(steps[0].metrics[0].value, 1.0 / 3);
    QVERIFY(std::isnan(steps[0].metrics[1].value));
    QCOMPARE(reader->samplesAfter(run, 3).size(), std::size_t(1));
    QCOMPARE(reader->samples(run).size(), std::size_t(4));
    project->endRun(run, RunState::Paused, "");
    QCOMPARE(reader->run(run)->state, RunState::Paused);
}

QTEST_GUILESS_MAIN(TestRuns)
#include "tst_runs.moc"
