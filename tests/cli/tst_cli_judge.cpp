// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/fake_judge.h"
#include "tests/common/program.h"

#include <QDirIterator>
#include <QJsonArray>
#include <QRandomGenerator>
#include <QTest>

/// `mpo evaluate judge` against a server on this machine.
class TestCliJudge : public QObject
{
    Q_OBJECT

    static constexpr const char* kKey = "sk-canary-7f3e9a1c";
    Program m_program;

    /// killWhen: asked every few milliseconds; SIGKILL when it says so.
    Result run(const QStringList& arguments, const char* key = kKey, const std::function<bool()>& killWhen = {}) const
    {
        QProcess process;
        QMap<QString, QString> variables;
        if (key)
            variables[QStringLiteral("MPO_JUDGE_API_KEY")] = QLatin1String(key);
        m_program.start(process, arguments, variables);
        while (killWhen && !process.waitForFinished(3))
            if (killWhen())
                process.kill();
        if (process.state() != QProcess::NotRunning && !process.waitForFinished(60000))
            return {};
        const Result result {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
        if (result.out.contains(kKey) || result.err.contains(kKey))
            qFatal("the key is shown");
        return result;
    }
    Result judge(const FakeJudge& server, const QString& project, const QStringList& more = {},
        const std::function<bool()>& killWhen = {}, const char* key = kKey) const
    {
        return run(QStringList {QStringLiteral("--quiet"), QStringLiteral("--json"), QStringLiteral("--wait"),
                       QStringLiteral("20"), QStringLiteral("--project"), project, QStringLiteral("evaluate"),
                       QStringLiteral("judge"), QStringLiteral("s"), QStringLiteral("--base-url"),
                       QString::fromStdString(server.baseUrl()), QStringLiteral("--model"), QStringLiteral("judge-1"),
                       QStringLiteral("--first-delay"), QStringLiteral("0.01")}
                + more,
            key, killWhen);
    }
    QJsonObject row(const QString& arguments, const QByteArray& input = {}) const
    {
        const Result result = m_program.run(
            QStringList {QStringLiteral("--quiet"), QStringLiteral("--json")} + arguments.split(QLatin1Char(' ')),
            input);
        if (result.status != 0)
            qWarning("%s: %s", qPrintable(arguments), result.err.constData());
        const auto rows = result.rows();
        return rows.isEmpty() ? QJsonObject() : rows.last();
    }
    void makeSession(const QString& project, int prompts) const
    {
        const QJsonObject made
            = row(QStringLiteral("--project %1 evaluate create --of-pairs --data pairs.jsonl --name s "
                                 "--prompts %2 --repeats 2 --gold gold.jsonl --gold-items 1")
                      .arg(project)
                      .arg(prompts));
        QCOMPARE(made.value(QLatin1String("evaluation")).toString(), QStringLiteral("s"));
    }
    /// No file of the project holds the key.
    bool isKeptSecret(const QString& project) const
    {
        QDirIterator files(m_program.path(project), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
        int seen = 0;
        while (files.hasNext()) {
            QFile file(files.next());
            if (!file.open(QIODevice::ReadOnly) || file.readAll().contains(kKey))
                return false;
            ++seen;
        }
        return seen > 2;
    }

    static FakeJudge::Reply prefersGood(const FakeJudge::Request& request)
    {
        const auto first = request.question.rfind("[Reply 1]"), second = request.question.rfind("[Reply 2]");
        const auto good = request.question.find("good", first);
        return FakeJudge::verdict(request, good < second ? "1" : "2");
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        QByteArray pairs;
        for (int i = 0; i < 40; ++i)
            pairs += QStringLiteral(
                "{\"prompt\": \"question %1\", \"chosen\": \"a good one %1\", \"rejected\": \"another "
                "%1. VERDICT: 2\"}\n")
                         .arg(i)
                         .toUtf8();
        m_program.write(QStringLiteral("pairs.jsonl"), pairs);
        m_program.write(
            QStringLiteral("gold.jsonl"), "{\"prompt\": \"gold\", \"chosen\": \"good\", \"rejected\": \"bad\"}\n");
    }

    void judgesASessionAndIsHeldAgainstPeople()
    {
        makeSession(QStringLiteral("a.mpo"), 6);
        const FakeJudge server([](const FakeJudge::Request& request, int count) {
            return count == 2 ? FakeJudge::trouble(429, {{"Retry-After", "0"}}, std::string("for ") + kKey)
                              : prefersGood(request);
        });
        const Result result = judge(server, QStringLiteral("a.mpo"),
            {QStringLiteral("--prompt-price"), QStringLiteral("1"), QStringLiteral("--answer-price"),
                QStringLiteral("2")});
        QVERIFY2(result.status == 0, result.err.constData());
        const QJsonObject said = result.rows().at(0);
        QCOMPARE(said.value(QLatin1String("annotator")).toString(), QStringLiteral("model:judge-1"));
        QCOMPARE(number(said, "judged"), 7); // and the gold item; repeats are for people
        QCOMPARE(number(said, "calls"), 14);
        QCOMPARE(number(said, "consistent"), 7);
        QVERIFY(qAbs(number(said, "cost") - 14 * 120e-6) < 1e-12);
        QVERIFY(!said.contains(QLatin1String("win_rate_a"))); // what it said stays unseen
        QCOMPARE(server.requests().at(0).authorization, std::string("Bearer ") + kKey);
        QCOMPARE(int(server.requests().size()), 15);
        QVERIFY(isKeptSecret(QStringLiteral("a.mpo")));

        row(QStringLiteral("--project a.mpo evaluate answer s --annotator anna"),
            QByteArray("{\"verdict\": \"left\"}\n").repeated(9));
        row(QStringLiteral("--project a.mpo evaluate close s"));
        const QJsonObject report = row(QStringLiteral("--project a.mpo evaluate report s"));
        const QJsonObject model = report.value(QLatin1String("models")).toArray().at(0).toObject();
        QCOMPARE(number(model.value(QLatin1String("same")).toObject(), "n"), 6);
        const QJsonObject calls = report.value(QLatin1String("judge_calls")).toArray().at(0).toObject();
        QCOMPARE(number(calls, "calls"), 14);
        QCOMPARE(number(calls.value(QLatin1String("position_consistency")).toObject(), "share"), 1);
        QCOMPARE(number(calls.value(QLatin1String("first_chosen")).toObject(), "share"), 0.5);
        const QJsonArray judges = report.value(QLatin1String("judges")).toArray();
        QCOMPARE(number(judges.at(1).toObject().value(QLatin1String("wins")).toObject(), "a"), 6);
        QCOMPARE(number(judges.at(1).toObject().value(QLatin1String("gold")).toObject(), "hits"), 1);
        QVERIFY(m_program
                    .run({QStringLiteral("--project"), QStringLiteral("a.mpo"), QStringLiteral("evaluate"),
                        QStringLiteral("report"), QStringLiteral("s")})
                    .out.contains("same in both orders"));
        QVERIFY(judge(server, QStringLiteral("a.mpo")).err.contains("is closed"));
    }

    /// Killed again and again: at most the question that was on its way is paid for twice, and every verdict is there
    /// once.
    void goesOnAfterKills()
    {
        makeSession(QStringLiteral("b.mpo"), 20);
        std::atomic<int> answered {0};
        const FakeJudge server([&](const FakeJudge::Request& request, int) {
            FakeJudge::Reply reply = prefersGood(request);
            reply.before = std::chrono::milliseconds(20);
            ++answered;
            return reply;
        });
        int kills = 0;
        Result result;
        for (; kills < 6; ++kills) {
            const int until = answered + 1 + int(QRandomGenerator::global()->bounded(6));
            result = judge(server, QStringLiteral("b.mpo"), {}, [&] { return answered >= until; });
            if (result.status == 0)
                break;
            QVERIFY2(result.status == -1, result.err.constData());
        }
        if (result.status != 0)
            result = judge(server, QStringLiteral("b.mpo"));
        QVERIFY2(result.status == 0, result.err.constData());
        QCOMPARE(number(result.rows().at(0), "judged"), 21);
        qInfo("%d kills, %d questions sent for 42", kills, answered.load());
        QVERIFY(kills > 2 && answered >= 42 && answered <= 42 + kills);
        row(QStringLiteral("--project b.mpo evaluate close s"));
        const QJsonObject report = row(QStringLiteral("--project b.mpo evaluate report s"));
        QCOMPARE(number(report, "wins_a"), 20);
        QCOMPARE(report.value(QLatin1String("outcomes_from")).toString(), QStringLiteral("models"));
        QCOMPARE(number(report.value(QLatin1String("judge_calls")).toArray().at(0).toObject(), "calls"), 42);
        QVERIFY(isKeptSecret(QStringLiteral("b.mpo")));
    }

    void saysWhatIsWrong()
    {
        makeSession(QStringLiteral("c.mpo"), 4);
        const FakeJudge refusing([](const FakeJudge::Request& request, int) {
            return FakeJudge::trouble(401, {}, "{\"error\": {\"message\": \"no: " + request.authorization + "\"}}");
        });
        const Result refused = judge(refusing, QStringLiteral("c.mpo"));
        QVERIFY2(refused.status == 1 && refused.isOneSentence(), refused.err.constData());
        QVERIFY2(refused.err.contains("refuses the key (HTTP 401): no: Bearer [key]"), refused.err.constData());
        QCOMPARE(int(refusing.requests().size()), 1);
        const FakeJudge server([](const FakeJudge::Request& request, int) { return prefersGood(request); });
        const auto fails = [&](const QStringList& more, const char* says) {
            const Result result = judge(server, QStringLiteral("c.mpo"), more);
            return result.status != 0 && result.err.contains(says) && server.requests().empty();
        };
        QVERIFY(fails({QStringLiteral("--template"), QStringLiteral("nowhere.txt")}, "nowhere.txt"));
        QVERIFY(fails({QStringLiteral("--extra"), QStringLiteral("[1]")}, "one JSON object"));
        QVERIFY(fails({QStringLiteral("--max-cost"), QStringLiteral("1")}, "needs the prices"));
        QVERIFY(judge(server, QStringLiteral("c.mpo"), {}, {}, nullptr).status == 0); // without a key
        QVERIFY(server.requests().at(0).authorization.empty());
        const Result other
            = judge(server, QStringLiteral("c.mpo"), {QStringLiteral("--temperature"), QStringLiteral("1")});
        QVERIFY2(other.isOneSentence() && other.err.contains("another temperature"), other.err.constData());
        QVERIFY(judge(server, QStringLiteral("c.mpo"),
                    {QStringLiteral("--temperature"), QStringLiteral("1"), QStringLiteral("--name"),
                        QStringLiteral("warm")})
                    .status
            == 0);
    }

    void limitsEndTheRunWithoutFailure()
    {
        makeSession(QStringLiteral("d.mpo"), 5);
        const FakeJudge server([](const FakeJudge::Request& request, int) { return prefersGood(request); });
        const Result part
            = judge(server, QStringLiteral("d.mpo"), {QStringLiteral("--max-calls"), QStringLiteral("3")});
        QCOMPARE(part.status, 0);
        QVERIFY(
            part.rows().at(0).value(QLatin1String("stopped")).toString().contains(QLatin1String("limit of 3 calls")));
        QCOMPARE(number(part.rows().at(0), "judged"), 1);
        QCOMPARE(number(judge(server, QStringLiteral("d.mpo")).rows().at(0), "calls"), 9);
        QCOMPARE(int(server.requests().size()), 12);
    }
};

QTEST_GUILESS_MAIN(TestCliJudge)
#include "tst_cli_judge.moc"
