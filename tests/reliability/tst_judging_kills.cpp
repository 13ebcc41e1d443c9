// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"
#include "tests/common/program.h"
#include "tests/reliability/long_test.h"

#include <SQLiteCpp/Database.h>

#include <QTest>

#include <unistd.h>

#include <algorithm>
#include <map>

using namespace mpo;

/// A script judges a session, the program is killed at random moments and begun again: every verdict whose next item
/// was shown is on disk, as it was given, with flag, votes on criteria and strength, and none stands there twice.
/// MPO_JUDGMENTS (default 2,000), MPO_JUDGING_KILLS (default 8), MPO_KILL_SEED. By hand: 100,000 and 500.
class TestJudgingKills : public QObject
{
    Q_OBJECT

    Program m_program;
    std::map<std::int64_t, QString> m_sent; ///< last verdict sent on an item
    qint64 m_acknowledged = 0, m_repeated = 0; ///< repeated: sent, then killed, and asked again
    bool m_done = false;

    static QString verdictOn(std::int64_t number)
    {
        static const QStringList s_names {QStringLiteral("left"), QStringLiteral("right"), QStringLiteral("tie"),
            QStringLiteral("both_bad"), QStringLiteral("skip")};
        return s_names[int((number * 7 + number / 5) % 5)];
    }

    /// What is said beside the verdict: flag, votes and strength, each on some items only.
    static Judgment besideVerdictOn(std::int64_t number)
    {
        Judgment said;
        said.flagged = number % 11 == 0;
        const Verdict votes[] {Verdict::Left, Verdict::Right, Verdict::Tie};
        if (number % 5 < 3)
            said.votes.push_back({"harmless", votes[number % 5]});
        if (number % 4 < 3)
            said.votes.push_back({"helpful", votes[number % 4]});
        const bool sided = verdictOn(number) == QLatin1String("left") || verdictOn(number) == QLatin1String("right");
        if (sided && number % 3 != 0)
            said.strength = double(kStrengths[std::size_t(number % 2)]);
        return said;
    }

    static QByteArray answerTo(std::int64_t number, const QString& verdict)
    {
        const Judgment said = besideVerdictOn(number);
        Json answer {{"verdict", verdict.toStdString()}, {"comment", "on " + std::to_string(number)},
            {"flag", said.flagged}, {"votes", votesJson(said.votes)}};
        if (said.strength)
            answer["strength"] = strengthName(Strength(int(*said.strength)));
        return QByteArray::fromStdString(toLine(answer)) + '\n';
    }

    /// Judges until `most` verdicts are sent, then waits `microseconds` and kills. most < 0: to the end.
    void judge(qint64 most, int microseconds)
    {
        QProcess process;
        m_program.start(process,
            {QStringLiteral("--quiet"), QStringLiteral("--json"), QStringLiteral("--wait"), QStringLiteral("20"),
                QStringLiteral("--project"), QStringLiteral("s.mpo"), QStringLiteral("evaluate"),
                QStringLiteral("answer"), QStringLiteral("s"), QStringLiteral("--annotator"), QStringLiteral("anna")});
        qint64 sent = 0;
        bool unacknowledged = false;
        while (most < 0 || sent < most) {
            if (!process.canReadLine() && !process.waitForReadyRead(600000))
                QFAIL(
                    qPrintable(QStringLiteral("no item comes: ") + QString::fromUtf8(process.readAllStandardError())));
            if (!process.canReadLine())
                continue;
            const QJsonObject line = QJsonDocument::fromJson(process.readLine()).object();
            m_acknowledged += unacknowledged ? 1 : 0;
            unacknowledged = false;
            if (line.contains(QLatin1String("done"))) {
                m_done = line.value(QLatin1String("done")).toBool();
                process.waitForFinished();
                return;
            }
            const auto number = std::int64_t(line.value(QLatin1String("item")).toDouble(-1));
            QVERIFY(number >= 0);
            // Only the verdict that was on its way when the program was killed may be asked for again.
            const bool again = m_sent.contains(number);
            m_repeated += again ? 1 : 0;
            QVERIFY2(!again || sent == 0, "an acknowledged verdict was asked for again");
            const QString verdict = verdictOn(number);
            m_sent[number] = verdict;
            process.write(answerTo(number, verdict));
            process.waitForBytesWritten();
            unacknowledged = true;
            ++sent;
        }
        ::usleep(useconds_t(microseconds));
        process.kill(); // SIGKILL
        process.waitForFinished();
    }

public:
    static void initMain() { allowLongTests(); }

private Q_SLOTS:
    void nothingIsLostOrDoubled()
    {
        const qint64 count = timesFromEnvironment("MPO_JUDGMENTS", 2000),
                     kills = timesFromEnvironment("MPO_JUDGING_KILLS", 8);
        const quint32 seed = seedOfKills();
        qInfo("MPO_JUDGMENTS=%lld MPO_JUDGING_KILLS=%lld MPO_KILL_SEED=%u", count, kills, seed);
        QRandomGenerator random(seed);
        const std::string folder = m_program.path(QStringLiteral("s.mpo")).toStdString();
        {
            std::vector<EvaluationItemInput> items;
            for (qint64 i = 0; i < count; ++i)
                items.push_back({"prompt " + std::to_string(i), "first " + std::to_string(i),
                    "second " + std::to_string(i), i % 3 == 0});
            EvaluationRow row;
            row.name = "s";
            row.config = {{"seed", seed}, {"criteria", {"helpful", "harmless"}}, {"strength", true}};
            Project::open(folder)->addEvaluation(row, items);
        }

        const qint64 each = std::max<qint64>(1, count / (kills + 1));
        qint64 killed = 0;
        for (; killed < kills && !m_done; ++killed) {
            // One in eight while it starts, which is where it draws the annotator's order the first time.
            const bool early = random.bounded(8) == 0;
            judge(early ? 0 : 1 + random.bounded(quint32(2 * each - 1)), random.bounded(early ? 300000 : 1500));
            if (QTest::currentTestFailed())
                return;
        }
        if (!m_done)
            judge(-1, 0);
        if (QTest::currentTestFailed())
            return;
        QVERIFY(m_done);

        qInfo("%lld kills, %lld verdicts acknowledged, %lld asked for again", killed, m_acknowledged, m_repeated);
        QVERIFY(m_repeated <= killed);
        const auto project = Project::open(folder);
        const std::int64_t id = project->evaluation("s").id;
        const auto items = project->evaluationItems(id, "anna");
        QCOMPARE(qint64(items.size()), count);
        bool ordered = true;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const EvaluationItemRow& item = items[i];
            ordered = ordered && item.number == std::int64_t(i);
            QVERIFY(item.verdict.has_value());
            QCOMPARE(QString::fromUtf8(verdictName(*item.verdict).data()), m_sent[item.number]);
            QCOMPARE(item.comment, "on " + std::to_string(item.number));
            const Judgment said = besideVerdictOn(item.number);
            QVERIFY(item.flagged == said.flagged && item.votes == said.votes && item.strength == said.strength);
        }
        QVERIFY(!ordered); // she has an order of her own, and it has survived
        SQLite::Database database(folder + "/project.db");
        QCOMPARE(qint64(database.execAndGet("SELECT count(*) FROM judgments").getInt64()), count); // undone ones too
        QCOMPARE(database.execAndGet("PRAGMA integrity_check").getString(), std::string("ok"));
    }
};

QTEST_GUILESS_MAIN(TestJudgingKills)
#include "tst_judging_kills.moc"
