// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/program.h"

#include <QDir>
#include <QTest>

#include <csignal>

/// `mpo experiment` from outside: its plan, its mistakes, and that it goes on where it was killed.
class TestCliExperiment : public QObject
{
    Q_OBJECT

    static constexpr int kLongMs = 250000;
    Program m_program;

    static QStringList split(const char* arguments)
    {
        return QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    }
    Result run(const char* arguments) const
    {
        QProcess process;
        m_program.start(process, split(arguments));
        if (!process.waitForFinished(kLongMs) || process.exitStatus() != QProcess::NormalExit)
            return {};
        return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    }
    QByteArray read(const char* name) const
    {
        QFile file(m_program.path(QLatin1String(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    int measured(const char* project) const
    {
        return int(QDir(m_program.path(QLatin1String(project) + QStringLiteral("/experiments/tiny/results")))
                       .entryList({QStringLiteral("*.json")}, QDir::Files)
                       .size());
    }
    /// Runs it until that many policies are measured, then sends the signal. False: it ended before.
    bool interruptAfter(const char* project, int policies, int signal) const
    {
        QProcess process;
        process.setStandardOutputFile(m_program.path(QStringLiteral("interrupted")));
        m_program.start(process, split((QByteArray("--project ") + project + " experiment tiny.yaml").constData()));
        if (!QTest::qWaitFor(
                [&] { return measured(project) >= policies || process.state() == QProcess::NotRunning; }, kLongMs))
            return false;
        if (process.state() == QProcess::NotRunning)
            return false;
        ::kill(pid_t(process.processId()), signal);
        return process.waitForFinished(kLongMs) && measured(project) < 5;
    }

private Q_SLOTS:
    void initTestCase();
    void dryRunShowsThePlan();
    void mistakesAreOneSentence();
    void endsWithATable();
    void goesOnAsIfNothingHadBeen();
    void doesNothingTwice();
};

void TestCliExperiment::initTestCase()
{
    QVERIFY(m_program.isValid());
    m_program.write(QStringLiteral("tiny.yaml"), R"(name: tiny
data: synthetic
seeds: [4]
methods: [dpo-easy, mpo, simpo-easy+rloo-hard]
synthetic: {completions: 40, pairs: 24}
sft: {learning_rate: 1e-3, batch_size: 8, max_steps: 3, checkpoint_every: 1}
reward: {learning_rate: 1e-3, batch_size: 8, max_steps: 2}
dpo: {learning_rate: 1e-3, batch_size: 4, max_steps: 2}
ppo: {learning_rate: 1e-3, rollout_batch: 8, minibatch_size: 8, ppo_epochs: 1, max_new_tokens: 6, total_episodes: 16, checkpoint_every: 1}
sweep: {noise: [0.25], noise_methods: [dpo-easy]}
evaluate: {prompts: 5, max_new_tokens: 8}
)");
}

void TestCliExperiment::dryRunShowsThePlan()
{
    const Result plan = run("experiment tiny.yaml --dry-run --set seeds=1,4");
    QCOMPARE(plan.status, 0);
    QVERIFY2(plan.out.contains("DPO, easy pairs; seed 4  [for "), plan.out);
    QVERIFY2(plan.out.contains("of them shared; without sharing it would be "), plan.out);
    const auto rows = run("--json experiment tiny.yaml --dry-run").rows();
    QVERIFY(rows.size() > 5);
    QCOMPARE(number(rows.last(), "steps"), double(rows.size() - 1));
    QCOMPARE(number(rows.last(), "table_entries"), 5.0);
    QVERIFY(number(rows.last(), "steps_without_sharing") > number(rows.last(), "steps"));
    QCOMPARE(rows[0].value(QLatin1String("kind")).toString(), QStringLiteral("data"));
    QVERIFY(!QDir(m_program.path(QStringLiteral("home"))).exists()); // not even a project
}

void TestCliExperiment::mistakesAreOneSentence()
{
    m_program.write(QStringLiteral("wrong.yaml"), "data: synthetic\nmethods: [mpo, dop]\n");
    const Result wrong = run("experiment wrong.yaml");
    QCOMPARE(wrong.status, 1);
    QVERIFY2(wrong.isOneSentence() && wrong.err.contains("wrong.yaml:2: methods: \"dop\" is not a method"), wrong.err);
    const Result none = run("experiment none.yaml --synthetic");
    QVERIFY2(none.status == 1 && none.isOneSentence() && none.err.contains("none.yaml"), none.err);
    QCOMPARE(run("experiment").status, 2);
}

void TestCliExperiment::endsWithATable()
{
    const Result whole = run("--project whole experiment tiny.yaml");
    QVERIFY2(whole.status == 0, whole.err);
    for (const char* part : {"True reward (95 %)", "MPO: DPO, easy pairs; PPO, hard prompts",
             "SimPO, easy pairs; RLOO, hard prompts", "left", "Report: "})
        QVERIFY2(whole.out.contains(part), part);
    QVERIFY2(whole.err.contains("mpo against sft: "), whole.err);
    QCOMPARE(measured("whole"), 5);
    const auto runs = run("--project whole --json runs list").rows();
    int tagged = 0;
    for (const QJsonObject& row : runs)
        tagged += row.value(QLatin1String("name")).toString().startsWith(QLatin1String("tiny-s4-e50-mpo")) ? 1 : 0;
    QCOMPARE(tagged, 1);
    QVERIFY(!read("whole/experiments/tiny/report/results.json").isEmpty());
    QVERIFY(read("whole/experiments/tiny/report/results.csv").contains("\nnoise,0.25,dpo-easy,1,5,"));
}

/// Killed in the middle, stopped by Ctrl-C later, then run to its end: the same numbers to the last digit.
void TestCliExperiment::goesOnAsIfNothingHadBeen()
{
    QVERIFY(interruptAfter("again", 1, SIGKILL));
    QVERIFY(interruptAfter("again", 3, SIGINT));
    // A report of what there is, which says so.
    QVERIFY(read("again/experiments/tiny/report/index.html").contains("Not finished: "));
    const Result end = run("--project again experiment tiny.yaml");
    QVERIFY2(end.status == 0, end.err);
    QVERIFY2(end.err.contains("is finished already"), end.err);
    const QByteArray results = read("again/experiments/tiny/report/results.json");
    QVERIFY(!results.isEmpty());
    QVERIFY(!read("again/experiments/tiny/report/index.html").contains("Not finished: "));
    QCOMPARE(results, read("whole/experiments/tiny/report/results.json"));
}

void TestCliExperiment::doesNothingTwice()
{
    const auto runs = [&] { return run("--project whole --json runs list").rows().size(); };
    const QByteArray results = read("whole/experiments/tiny/report/results.json");
    const auto before = runs();
    QVERIFY(before > 7);
    QCOMPARE(run("--project whole experiment tiny.yaml").status, 0);
    QCOMPARE(runs(), before);
    QCOMPARE(read("whole/experiments/tiny/report/results.json"), results);
    // Other settings of one stage: only what depends on them is made anew.
    QCOMPARE(run("--project whole experiment tiny.yaml --set rloo.kl_coef=0.3").status, 0);
    QCOMPARE(runs(), before + 1);
    QVERIFY(read("whole/experiments/tiny/report/results.json") != results);
}

QTEST_GUILESS_MAIN(TestCliExperiment)
#include "tst_cli_experiment.moc"
