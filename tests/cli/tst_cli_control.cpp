// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/program.h"

#include <QFileInfo>
#include <QTest>
#include <QThread>

#include <csignal>

/// One process trains, another follows it and asks something of it.
class TestCliControl : public QObject
{
    Q_OBJECT

    static constexpr int kLongMs = 30000;
    static constexpr const char* kEndless
        = "train dpo --model tiny --data pairs.jsonl --out long --max-steps 1000000 --checkpoint-every 1000000";

    Program m_program;

    static QStringList split(const QByteArray& arguments)
    {
        return QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    }
    Result run(const QByteArray& arguments) const { return m_program.run(split(arguments)); }
    QByteArray read(const char* name) const
    {
        QFile file(m_program.path(QLatin1String(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    /// A process of its own that has printed its first line, into a file: a pipe that nobody reads would hold it.
    static bool hasEnded(QProcess& process)
    {
        return QTest::qWaitFor([&] { return process.state() == QProcess::NotRunning; }, kLongMs);
    }
    bool startTraining(QProcess& process, const QByteArray& arguments, const char* out = "out") const
    {
        const QString file = m_program.path(QLatin1String(out));
        QFile::remove(file);
        process.setStandardOutputFile(file);
        m_program.start(process, split(arguments));
        return QTest::qWaitFor([&] { return QFileInfo(file).size() > 0; }, kLongMs);
    }
    QString stateOf(const QByteArray& project, int run = 1) const
    {
        return this->run("--project " + project + " --json runs show " + QByteArray::number(run))
            .rows()
            .value(0)
            .value(QLatin1String("state"))
            .toString();
    }
    int stepsOf(const QByteArray& project) const
    {
        return int(number(this->run("--project " + project + " --json runs show 1").rows().value(0), "steps"));
    }

private Q_SLOTS:
    void initTestCase();
    void pausesAndResumes();
    void obeysWhileItsReaderIsSlow();
    void stopsWithACheckpoint();
    void discards();
    void releasedRunEndsWithTheSameBytes();
    void watchesToTheEnd();
    void watchTellsOfAKill();
    void requestsNeedSomethingThatRuns();
    void waitsForTheProject();
};

void TestCliControl::initTestCase()
{
    QVERIFY(m_program.isValid());
    tiny_model::write(m_program.path(QStringLiteral("tiny")));
    m_program.write(QStringLiteral("pairs.jsonl"),
        R"({"prompt_ids":[1,2],"chosen_ids":[3,4,10],"rejected_ids":[5,10]}
{"prompt_ids":[2,3,4],"chosen_ids":[6,10],"rejected_ids":[7,8,9,10]}
{"prompt_ids":[1],"chosen_ids":[3,10],"rejected_ids":[8,10]}
{"prompt_ids":[9],"chosen_ids":[3,3,10],"rejected_ids":[2,10]}
)");
}

void TestCliControl::pausesAndResumes()
{
    QProcess training;
    QVERIFY(startTraining(training, QByteArray("--project p.mpo --json ") + kEndless));
    QCOMPARE(run("--project p.mpo runs pause 1").status, 0);
    QTest::qWait(300); // the micro-batch under way
    const int steps = stepsOf("p.mpo");
    QTest::qWait(700);
    QCOMPARE(stepsOf("p.mpo"), steps);
    QCOMPARE(stateOf("p.mpo"), QStringLiteral("running"));
    QCOMPARE(run("--project p.mpo runs resume").status, 0);
    QTRY_VERIFY_WITH_TIMEOUT(stepsOf("p.mpo") > steps, kLongMs);
    const Result twice = run("--project p.mpo runs resume 1");
    QVERIFY2(twice.status == 1 && twice.isOneSentence(), twice.err.constData());
    QCOMPARE(run("--project p.mpo runs stop 1").status, 0);
    QVERIFY(hasEnded(training));
}

/// Somebody who does not read its output holds a run, but not the answers to requests.
void TestCliControl::obeysWhileItsReaderIsSlow()
{
    QProcess training;
    m_program.start(training, split(QByteArray("--project slow.mpo --json ") + kEndless)); // into a pipe
    QVERIFY(training.waitForReadyRead(kLongMs));
    QProcess asking;
    const auto ask = [&](const char* what) {
        m_program.start(asking, split(QByteArray("--project slow.mpo runs ") + what));
        return asking.waitForFinished(kLongMs) && asking.exitCode() == 0;
    };
    QThread::sleep(3); // without an event loop nobody reads, and the pipe is full
    QVERIFY(ask("pause"));
    QVERIFY(ask("resume"));
    training.kill();
    QVERIFY(hasEnded(training));
}

void TestCliControl::stopsWithACheckpoint()
{
    QProcess training;
    QVERIFY(startTraining(training, QByteArray("--project s.mpo --json ") + kEndless));
    const Result wrong = run("--project s.mpo runs stop 2");
    QVERIFY2(wrong.status == 1 && wrong.err.contains("no run 2"), wrong.err.constData());
    const Result stopped = run("--project s.mpo --json runs stop");
    QVERIFY2(stopped.status == 0, stopped.err.constData());
    QCOMPARE(stopped.rows().value(0).value(QLatin1String("state")).toString(), QStringLiteral("stopped"));
    QVERIFY(hasEnded(training));
    QCOMPARE(training.exitCode(), 130);
    const int steps = stepsOf("s.mpo");
    QVERIFY(QFile::exists(m_program.path(QStringLiteral("s.mpo/runs/1-dpo/checkpoints/%1/MANIFEST.json").arg(steps))));
    QVERIFY(read("s.mpo/runs/1-dpo/log.txt").contains("info Stopped after step"));
}

void TestCliControl::discards()
{
    QProcess training;
    QVERIFY(startTraining(training, QByteArray("--project d.mpo --json ") + kEndless));
    const Result stopped = run("--project d.mpo --json runs stop --discard");
    QVERIFY2(stopped.status == 0, stopped.err.constData());
    QVERIFY(hasEnded(training));
    QVERIFY(!QFile::exists(m_program.path(QStringLiteral("d.mpo/runs/1-dpo/checkpoints"))));
    QCOMPARE(stateOf("d.mpo"), QStringLiteral("stopped"));
    // Given again, it begins at its first step.
    QProcess again;
    QVERIFY(startTraining(again, QByteArray("--project d.mpo --json ") + kEndless));
    QVERIFY(read("out").startsWith(R"({"step":1,)"));
    QCOMPARE(run("--project d.mpo runs stop").status, 0);
    QVERIFY(hasEnded(again));
}

/// Paused so that its memory is free, gone on with by another process: as if nothing had happened.
void TestCliControl::releasedRunEndsWithTheSameBytes()
{
    const QByteArray command = "--json train dpo --model tiny --data pairs.jsonl --out aligned --max-steps 3000 "
                               "--learning-rate 0.01 --batch-size 2";
    QCOMPARE(run("--project whole.mpo " + command).status, 0);
    QProcess training;
    QVERIFY(startTraining(training, "--project released.mpo " + command));
    const Result released = run("--project released.mpo --json runs pause --release");
    QVERIFY2(released.status == 0, released.err.constData());
    QVERIFY(hasEnded(training));
    QCOMPARE(stateOf("released.mpo"), QStringLiteral("paused"));
    QVERIFY(stepsOf("released.mpo") < 3000);
    const Result ended = run("--project released.mpo --json runs resume");
    QVERIFY2(ended.status == 0, ended.err.constData());
    QCOMPARE(stateOf("released.mpo"), QStringLiteral("finished"));
    const QByteArray expected = read("whole.mpo/models/aligned/model.safetensors");
    QVERIFY(!expected.isEmpty());
    QVERIFY(read("released.mpo/models/aligned/model.safetensors") == expected);
    const Result again = run("--project released.mpo runs resume 1");
    QVERIFY2(again.status == 1 && again.isOneSentence(), again.err.constData());
}

/// Every step of the other process, each once, and its end.
void TestCliControl::watchesToTheEnd()
{
    QProcess training, watching;
    QVERIFY(startTraining(
        training, "--project w.mpo --json train dpo --model tiny --data pairs.jsonl --out seen --max-steps 2000"));
    QVERIFY(startTraining(watching, "--project w.mpo --json runs watch", "seen"));
    QVERIFY(hasEnded(watching));
    QVERIFY(hasEnded(training));
    QCOMPARE(watching.exitCode(), 0);
    const Result watched {0, read("seen"), {}};
    const Result trained {0, read("out"), {}};
    const auto seen = watched.rows(), expected = trained.rows();
    QCOMPARE(seen.size(), 2001);
    QCOMPARE(expected.size(), 2001);
    for (int i = 0; i < 2000; ++i) {
        QCOMPARE(number(seen[i], "step"), i + 1.0);
        QCOMPARE(number(seen[i], "loss"), number(expected[i], "loss"));
    }
    QCOMPARE(seen.last(), expected.last()); // {"event":"finished","model":"seen"}
    const Result late = run("--project w.mpo runs watch 1");
    QVERIFY2(late.status == 1 && late.err.contains("is finished"), late.err.constData());
}

void TestCliControl::watchTellsOfAKill()
{
    QProcess training, watching;
    QVERIFY(startTraining(training, QByteArray("--project k.mpo --json ") + kEndless));
    QVERIFY(startTraining(watching, "--project k.mpo --json runs watch 1", "seen"));
    training.kill();
    QVERIFY(hasEnded(training));
    QVERIFY(hasEnded(watching));
    QCOMPARE(watching.exitCode(), 1);
    QVERIFY(watching.readAllStandardError().contains("ended without a word"));
}

void TestCliControl::requestsNeedSomethingThatRuns()
{
    QCOMPARE(run("--project n.mpo data import pairs.jsonl").status, 0);
    for (const char* request : {"pause", "checkpoint", "stop", "resume", "watch"}) {
        const Result result = run(QByteArray("--project n.mpo runs ") + request);
        QVERIFY2(result.status == 1 && result.isOneSentence(), result.err.constData());
    }
    QCOMPARE(run("--project n.mpo runs stop 0").status, 2);
}

void TestCliControl::waitsForTheProject()
{
    QProcess training, waiting;
    QVERIFY(startTraining(training, QByteArray("--project q.mpo --json ") + kEndless));
    const Result held = run("--project q.mpo data import pairs.jsonl");
    QVERIFY2(held.status == 1 && held.err.contains("another program"), held.err.constData());
    QCOMPARE(run("--project q.mpo --wait 0.2 data import pairs.jsonl").status, 1);
    m_program.start(waiting, split("--project q.mpo --wait 60 data import pairs.jsonl"));
    QVERIFY(waiting.waitForStarted(kLongMs));
    QTest::qWait(300);
    QCOMPARE(waiting.state(), QProcess::Running);
    QCOMPARE(run("--project q.mpo runs stop").status, 0);
    QVERIFY(hasEnded(training));
    QVERIFY(hasEnded(waiting));
    QCOMPARE(waiting.exitCode(), 0);
}

QTEST_GUILESS_MAIN(TestCliControl)
#include "tst_cli_control.moc"
