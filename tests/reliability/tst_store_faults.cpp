// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"
#include "tests/core/store/store_test.h"
#include "tests/reliability/fault_control.h"

#include <QCoreApplication>
#include <QTest>

#include <set>

using namespace mpo;
namespace fs = std::filesystem;

/// What a run does to project.db and metrics.jsonl, with every call failing once, and from there on.
class TestStoreFaults : public QObject
{
    Q_OBJECT

    static constexpr int kSteps = 4;

    /// Does it all and counts in `done` the steps that were acknowledged.
    static void work(const fs::path& folder, int& done)
    {
        const auto project = Project::open(folder);
        const auto run = project->beginRun("dpo", "out", Json {{"model", "m"}}, {});
        project->truncateMetrics(run, 0);
        for (int step = 1; step <= kSteps; ++step) {
            project->addMetrics(run, step, step, {{"loss", 1.0 / step}, {"grad_norm", 2.0}});
            project->setRunProgress(run, step, kSteps);
            project->addAlarms(run, {{step, "alarm_kl", 1.0, 2.0, "text"}});
            done = step;
        }
        project->endRun(run, RunState::Finished, "");
    }

private Q_SLOTS:
    void cleanup() { faults::clear(); }

    void everyCall_data()
    {
        QTest::addColumn<QByteArray>("what");
        QTest::addColumn<bool>("lasts");
        for (const char* what : {"ENOSPC", "EIO", "EDQUOT", "EACCES", "short"})
            for (const bool lasts : {false, true})
                QTest::addRow("%s %s", what, lasts ? "from there on" : "once") << QByteArray(what) << lasts;
    }
    void everyCall()
    {
        QFETCH(QByteArray, what);
        QFETCH(bool, lasts);
        long calls = 0, failed = 0;
        for (long at = 1;; ++at) {
            const TemporaryProject temporary;
            faults::set(temporary.folder.string(), at, what.constData(), lasts);
            int done = 0;
            const std::string message = errorOf([&] { work(temporary.folder, done); });
            calls = faults::count();
            faults::clear();
            if (at > calls)
                break;
            failed += message.empty() ? 0 : 1;
            QVERIFY2(message.empty() ? done == kSteps : message.find('\n') == std::string::npos, message.c_str());

            // The fault is gone: what was acknowledged is there, and the run can go on or be done anew.
            const auto project = temporary.open();
            const auto runs = project->runs();
            QVERIFY(runs.size() <= 1 && (done == 0 || runs.size() == 1));
            if (runs.empty())
                continue;
            const auto id = runs[0].id;
            QVERIFY(runs[0].state == (message.empty() ? RunState::Finished : runs[0].state));
            QVERIFY(runs[0].state != RunState::Running);
            const auto series = project->metrics(id);
            const int stored = series.empty() ? 0 : int(series[0].points.size());
            QVERIFY2(stored == done || stored == done + 1, qPrintable(QString::number(stored)));
            for (int i = 0; i < stored; ++i)
                QCOMPARE(series[0].points[std::size_t(i)].value, 1.0 / (i + 1));
            // metrics.jsonl follows, whatever was cut off in it.
            project->reopenRun(id);
            project->truncateMetrics(id, done);
            for (int step = done + 1; step <= kSteps; ++step)
                project->addMetrics(id, step, step, {{"loss", 1.0 / step}, {"grad_norm", 2.0}});
            std::string expected;
            for (int step = 1; step <= kSteps; ++step)
                expected += toLine(Json {
                                {"step", step}, {"seconds", double(step)}, {"loss", 1.0 / step}, {"grad_norm", 2.0}})
                    + "\n";
            QCOMPARE(readTextFile(project->runFolder(id) / "metrics.jsonl"), expected);
            QVERIFY(project->alarms(id).size() <= std::size_t(kSteps));
        }
        qInfo("%ld calls, %ld failures", calls, failed);
        QVERIFY(calls > 60);
        QVERIFY(what == "short" || failed > calls / 2);
    }
};

int main(int argc, char** argv)
{
    faults::startWithFaults(argv);
    const QCoreApplication application(argc, argv);
    TestStoreFaults test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_store_faults.moc"
