// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/program.h"

#include <QDir>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int kLongestMs = 60000;
constexpr double kNear = 1e-5; // sums in another order

QString freePort()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return QString::number(ntohs(address.sin_port));
}

/// All numbers of a model's file, tensor after tensor.
QList<float> numbersIn(const QString& file)
{
    QFile opened(file);
    if (!opened.open(QIODevice::ReadOnly))
        return {};
    const QByteArray bytes = opened.readAll();
    quint64 header = 0;
    std::memcpy(&header, bytes.constData(), sizeof header);
    const QByteArray data = bytes.mid(qsizetype(sizeof header + header));
    QList<float> numbers(data.size() / qsizetype(sizeof(float)));
    std::memcpy(numbers.data(), data.constData(), std::size_t(data.size()));
    return numbers;
}

} // namespace

/// A training of several processes, begun as torchrun does it (without Python) or by mpo itself.
class TestCliRanks : public QObject
{
    Q_OBJECT

    Program m_program;
    QString m_port;

    static QStringList split(const QString& arguments) { return arguments.split(QLatin1Char(' '), Qt::SkipEmptyParts); }
    QString path(const QString& name) const { return m_program.path(name); }

    /// What torchrun sets for each process.
    QMap<QString, QString> place(int rank, int size) const
    {
        return {{QStringLiteral("RANK"), QString::number(rank)}, {QStringLiteral("LOCAL_RANK"), QString::number(rank)},
            {QStringLiteral("WORLD_SIZE"), QString::number(size)},
            {QStringLiteral("LOCAL_WORLD_SIZE"), QString::number(size)},
            {QStringLiteral("MASTER_ADDR"), QStringLiteral("127.0.0.1")}, {QStringLiteral("MASTER_PORT"), m_port}};
    }
    struct Ranks
    {
        explicit Ranks(int size)
        {
            for (int rank = 0; rank < size; ++rank)
                processes.push_back(std::make_unique<QProcess>());
        }
        QProcess& operator[](int rank) { return *processes[std::size_t(rank)]; }
        std::vector<std::unique_ptr<QProcess>> processes;
    };
    Ranks start(int size, const QString& arguments)
    {
        m_port = freePort();
        Ranks ranks(size);
        for (int rank = 0; rank < size; ++rank)
            m_program.start(ranks[rank], split(arguments), place(rank, size));
        return ranks;
    }
    static Result ended(QProcess& process)
    {
        if (process.state() != QProcess::NotRunning && !process.waitForFinished(kLongestMs))
            return {};
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2, process.readAllStandardOutput(),
            process.readAllStandardError()};
    }
    /// Step of the last of so many lines.
    static double stepOfLine(QProcess& process, int count)
    {
        double step = -1.0;
        for (int lines = 0; lines < count; ++lines) {
            while (!process.canReadLine())
                if (!process.waitForReadyRead(kLongestMs))
                    return -1.0;
            step = number(QJsonDocument::fromJson(process.readLine()).object(), "step");
        }
        return step;
    }
    static void compareRows(const QList<QJsonObject>& actual, const QList<QJsonObject>& expected)
    {
        QVERIFY(!expected.isEmpty());
        QCOMPARE(actual.size(), expected.size());
        const QStringList ofTheMachine {QStringLiteral("step_seconds"), QStringLiteral("tokens_per_second"),
            QStringLiteral("peak_rss_mb"), QStringLiteral("seconds")};
        for (qsizetype i = 0; i < expected.size(); ++i)
            for (const QString& key : expected[i].keys())
                if (expected[i].value(key).isDouble() && !ofTheMachine.contains(key)) {
                    const double is = number(actual[i], key), should = number(expected[i], key);
                    QVERIFY2(std::abs(is - should) <= kNear * std::max(1.0, std::abs(should)),
                        qPrintable(QStringLiteral("row %1, %2: %3, not %4").arg(i).arg(key).arg(is).arg(should)));
                }
    }
    void compareModels(const QString& actual, const QString& expected) const
    {
        const QList<float> is = numbersIn(path(actual)), should = numbersIn(path(expected));
        QVERIFY(!should.isEmpty());
        QCOMPARE(is.size(), should.size());
        for (qsizetype i = 0; i < should.size(); ++i)
            QVERIFY2(std::abs(is[i] - should[i]) <= kNear, qPrintable(QString::number(is[i] - should[i])));
    }
    static QString weights(const char* project, const char* model)
    {
        return QStringLiteral("%1/models/%2/model.safetensors").arg(QLatin1String(project), QLatin1String(model));
    }
    /// Children of a process, from /proc.
    static QList<qint64> childrenOf(qint64 process)
    {
        QList<qint64> children;
        for (const QString& thread :
            QDir(QStringLiteral("/proc/%1/task").arg(process)).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            QFile list(QStringLiteral("/proc/%1/task/%2/children").arg(process).arg(thread));
            if (list.open(QIODevice::ReadOnly))
                for (const QByteArray& child : list.readAll().split(' '))
                    if (!child.trimmed().isEmpty())
                        children.append(child.toLongLong());
        }
        return children;
    }

private Q_SLOTS:
    void initTestCase();
    void trainsLikeOneProcess_data();
    void trainsLikeOneProcess();
    void startsItsProcesses();
    void failsOnceForAll();
    void endsWhenARankIsKilled();
    void endsWhenRankZeroIsKilled();
    void endsItsProcesses();
    void stopsTogetherAndGoesOnAlone();
    void runsUnderTorchrun();
};

void TestCliRanks::initTestCase()
{
    QVERIFY(m_program.isValid());
    tiny_model::write(path(QStringLiteral("tiny")));
    QByteArray pairs;
    for (int i = 0; i < 11; ++i)
        pairs += QStringLiteral("{\"prompt_ids\":[%1,2],\"chosen_ids\":[%2,%3,10],\"rejected_ids\":[%4,10]}\n")
                     .arg(1 + i % 3)
                     .arg(3 + i % 5)
                     .arg(4 + i % 4)
                     .arg(8 - i % 4)
                     .toUtf8();
    m_program.write(QStringLiteral("pairs.jsonl"), pairs);
    const Result reward = m_program.run(split(QStringLiteral("--project rm.mpo --json train reward --model tiny --data "
                                                             "pairs.jsonl --out ./rm --max-steps 3 --eval-share 0")));
    QVERIFY2(reward.status == 0, reward.err.constData());
}

void TestCliRanks::trainsLikeOneProcess_data()
{
    QTest::addColumn<QString>("arguments");
    QTest::newRow("dpo") << QStringLiteral(
        "train dpo --model tiny --batch-size 4 --learning-rate 0.01 --eval-share 0.2");
    QTest::newRow("reward") << QStringLiteral(
        "train reward --model tiny --batch-size 4 --learning-rate 0.01 --eval-share 0");
    QTest::newRow("ppo") << QStringLiteral("train ppo --model tiny --reward-model ./rm --rollout-batch 6 "
                                           "--minibatch-size 4 --max-new-tokens 4 --max-steps 2");
}

void TestCliRanks::trainsLikeOneProcess()
{
    QFETCH(QString, arguments);
    const QString tag = QString::fromLatin1(QTest::currentDataTag());
    const auto command = [&](const char* project) {
        return QStringLiteral("--project %1-%2.mpo --json %3 --data pairs.jsonl --out x")
            .arg(QLatin1String(project), tag, arguments);
    };
    const Result alone = m_program.run(split(command("alone")));
    QVERIFY2(alone.status == 0, alone.err.constData());
    Ranks ranks = start(2, command("two"));
    const Result first = ended(ranks[0]), second = ended(ranks[1]);
    QVERIFY2(first.status == 0, first.err.constData());
    QVERIFY2(second.status == 0, second.err.constData());
    QCOMPARE(second.out, QByteArray());
    QCOMPARE(second.err, QByteArray());
    compareRows(first.rows(), alone.rows());
    compareModels(QStringLiteral("two-%1.mpo/models/x/model.safetensors").arg(tag),
        QStringLiteral("alone-%1.mpo/models/x/model.safetensors").arg(tag));
}

void TestCliRanks::startsItsProcesses()
{
    const auto both = [&](const char* project, const char* processes) {
        const QString command
            = QStringLiteral("--project %1 --json train reward --model tiny --data pairs.jsonl --out x "
                             "--learning-rate 0.01 --batch-size 4 --eval-share 0 --processes %2")
                  .arg(QLatin1String(project), QLatin1String(processes));
        return m_program.run(split(command));
    };
    const Result alone = both("p1.mpo", "1"), three = both("p3.mpo", "3");
    QVERIFY2(three.status == 0, three.err.constData());
    compareRows(three.rows(), alone.rows());
    compareModels(weights("p3.mpo", "x"), weights("p1.mpo", "x"));
    const auto scores = [&](const char* more) {
        return m_program.run(
            split(QStringLiteral("--json score --model ./rm --data pairs.jsonl ") + QLatin1String(more)));
    };
    const Result scored = scores("--set processes=2");
    QVERIFY2(scored.status == 0, scored.err.constData());
    compareRows(scored.rows(), scores("").rows());
    const auto folds = [&](const char* more) {
        return m_program.run(
            split(QStringLiteral("--project fold.mpo --json score --base tiny --folds 2 --data pairs.jsonl "
                                 "--set learning_rate=0.01 batch_size=4 eval_share=0 ")
                + QLatin1String(more)));
    };
    const Result folded = folds("processes=2");
    QVERIFY2(folded.status == 0, folded.err.constData());
    compareRows(folded.rows(), folds("").rows());
    // With another number of processes it is still the same training.
    const Result again = both("p3.mpo", "2");
    QCOMPARE(again.rows().size(), 1);
}

/// One sentence in all, whoever has the trouble.
void TestCliRanks::failsOnceForAll()
{
    for (const char* arguments :
        {"train dpo --model tiny --data nowhere.jsonl --out x", "train dpo --model nowhere --data pairs.jsonl --out x",
            "train dpo --model tiny --data pairs.jsonl --out x --beta=-1"}) {
        Ranks ranks = start(2, QStringLiteral("--quiet --project f.mpo ") + QLatin1String(arguments));
        const Result first = ended(ranks[0]), second = ended(ranks[1]);
        QVERIFY(first.status > 0);
        QVERIFY2(first.isOneSentence(), first.err.constData());
        QCOMPARE(second.err, QByteArray());
    }
    const Result one
        = m_program.run(split(QStringLiteral("--project f.mpo train dpo --model tiny --data pairs.jsonl --out x")));
    QCOMPARE(one.status, 0);
}

void TestCliRanks::endsWhenARankIsKilled()
{
    const QString command = QStringLiteral("--quiet --project k.mpo --json train dpo --model tiny --data pairs.jsonl "
                                           "--out x --max-steps 100000 --batch-size 4");
    Ranks ranks = start(3, command);
    double done = stepOfLine(ranks[0], 5);
    QCOMPARE(done, 5.0);
    ranks[1].kill(); // SIGKILL
    QElapsedTimer timer;
    timer.start();
    const Result first = ended(ranks[0]), third = ended(ranks[2]);
    QCOMPARE(ended(ranks[1]).status, -2);
    QVERIFY2(timer.elapsed() < 10000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(first.status, 1);
    QVERIFY2(first.err.startsWith("mpo: ") && first.err.count('\n') == 1 && first.err.contains("goes on"),
        first.err.constData());
    QCOMPARE(third.status, 1);
    QCOMPARE(third.err, QByteArray());
    // The last step is in a checkpoint, and one process goes on.
    for (const QJsonObject& row : first.rows())
        done = number(row, "step");
    const QString rest = QString(command).replace(
        QStringLiteral("--max-steps 100000"), QStringLiteral("--max-steps 100000 --processes 2"));
    QProcess alone;
    m_program.start(alone, split(rest));
    QCOMPARE(stepOfLine(alone, 1), done + 1.0);
    ::kill(pid_t(alone.processId()), SIGINT);
    QCOMPARE(ended(alone).status, 130);
}

void TestCliRanks::endsWhenRankZeroIsKilled()
{
    Ranks ranks = start(2,
        QStringLiteral(
            "--quiet --project z.mpo --json train dpo --model tiny --data pairs.jsonl --out x --max-steps 100000"));
    QCOMPARE(stepOfLine(ranks[0], 3), 3.0);
    ranks[0].kill();
    QElapsedTimer timer;
    timer.start();
    const Result second = ended(ranks[1]);
    QVERIFY2(timer.elapsed() < 10000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(ended(ranks[0]).status, -2);
    QCOMPARE(second.status, 1);
    QVERIFY2(second.isOneSentence() && second.err.contains("Process 1 of 2"), second.err.constData());
}

void TestCliRanks::endsItsProcesses()
{
    const QString command = QStringLiteral("--quiet --project e.mpo --json train dpo --model tiny --data pairs.jsonl "
                                           "--out x --max-steps 100000 --processes 2");
    for (const bool parent : {false, true}) {
        QProcess process;
        m_program.start(process, split(command));
        QVERIFY(stepOfLine(process, 3) >= 3.0);
        const QList<qint64> children = childrenOf(process.processId());
        QCOMPARE(children.size(), qsizetype(1));
        ::kill(parent ? pid_t(process.processId()) : pid_t(children[0]), SIGKILL);
        const Result result = ended(process);
        QCOMPARE(result.status, parent ? -2 : 1);
        if (!parent)
            QVERIFY2(result.err.count('\n') == 1 && result.err.contains("goes on"), result.err.constData());
        QTRY_VERIFY_WITH_TIMEOUT(::kill(pid_t(children[0]), 0) != 0
                || QFile::exists(QStringLiteral("/proc/%1/exe").arg(children[0])) == false,
            10000);
    }
}

void TestCliRanks::stopsTogetherAndGoesOnAlone()
{
    const QString command = QStringLiteral(
        "--quiet --project s.mpo --json train dpo --model tiny --data pairs.jsonl --out x --max-steps 100000");
    Ranks ranks = start(2, command);
    QCOMPARE(stepOfLine(ranks[0], 3), 3.0);
    ::kill(pid_t(ranks[0].processId()), SIGINT);
    const Result first = ended(ranks[0]), second = ended(ranks[1]);
    QCOMPARE(first.status, 130);
    QCOMPARE(second.status, 0);
    QCOMPARE(second.err, QByteArray());
    const auto runs = m_program.run(split(QStringLiteral("--project s.mpo --json runs list"))).rows();
    QCOMPARE(runs.size(), qsizetype(1));
    QCOMPARE(runs[0].value(QLatin1String("state")).toString(), QStringLiteral("stopped"));
    QProcess alone;
    m_program.start(alone, split(command));
    QCOMPARE(stepOfLine(alone, 1), number(runs[0], "steps") + 1.0);
    ::kill(pid_t(alone.processId()), SIGINT);
    QCOMPARE(ended(alone).status, 130);
}

void TestCliRanks::runsUnderTorchrun()
{
    const QString torchrun = QStringLiteral(MPO_TORCHRUN);
    if (!QFile::exists(torchrun))
        QSKIP("LibTorch is not the Python package here, so there is no torchrun");
    const QString tail = QStringLiteral(
        "--json train sft --model tiny --data pairs.jsonl --out x --batch-size 4 --learning-rate 0.01");
    const Result alone = m_program.run(split(QStringLiteral("--project t1.mpo ") + tail));
    QVERIFY2(alone.status == 0, alone.err.constData());
    QProcess process;
    m_program.start(process,
        split(QStringLiteral("--standalone --no-python --nproc-per-node=2 " MPO_BIN "/mpo --project t2.mpo ") + tail),
        {}, torchrun);
    const Result two = ended(process);
    QVERIFY2(two.status == 0, two.err.constData());
    compareRows(two.rows(), alone.rows());
    compareModels(weights("t2.mpo", "x"), weights("t1.mpo", "x"));
}

QTEST_GUILESS_MAIN(TestCliRanks)
#include "tst_cli_ranks.moc"
