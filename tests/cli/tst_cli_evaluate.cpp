// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/program.h"

#include <QDir>
#include <QJsonArray>
#include <QTest>

/// `mpo evaluate` from a session to its report, by a script.
class TestCliEvaluate : public QObject
{
    Q_OBJECT

    Program m_program;

    Result run(const QString& arguments, const QByteArray& input = {}) const
    {
        return m_program.run(QStringList {QStringLiteral("--quiet")} + arguments.split(QLatin1Char(' ')), input);
    }
    /// The rows that the command prints; it must succeed.
    QList<QJsonObject> rows(const QString& arguments, const QByteArray& input = {}) const
    {
        const Result result = run(QStringLiteral("--json ") + arguments, input);
        if (result.status != 0)
            qWarning("mpo %s: %s", qPrintable(arguments), result.err.constData());
        return result.status == 0 ? result.rows() : QList<QJsonObject>();
    }
    QJsonObject row(const QString& arguments, const QByteArray& input = {}) const
    {
        const auto all = rows(arguments, input);
        return all.isEmpty() ? QJsonObject() : all.last();
    }

    /// Judges every item of a session as `prefers` says of (prompt, left, right); returns how many were asked.
    template<class Prefers>
    int judge(const QString& project, const QString& session, const QString& annotator, const Prefers& prefers) const
    {
        QProcess process;
        m_program.start(process,
            {QStringLiteral("--quiet"), QStringLiteral("--json"), QStringLiteral("--project"), project,
                QStringLiteral("evaluate"), QStringLiteral("answer"), session, QStringLiteral("--annotator"),
                annotator});
        int asked = 0;
        while (process.state() != QProcess::NotRunning || process.canReadLine()) {
            if (!process.canReadLine() && !process.waitForReadyRead(30000))
                break;
            while (process.canReadLine()) {
                const QJsonObject item = QJsonDocument::fromJson(process.readLine()).object();
                if (item.contains(QLatin1String("done"))) {
                    process.closeWriteChannel();
                    process.waitForFinished(30000);
                    return process.exitCode() == 0 && item.value(QLatin1String("done")).toBool() ? asked : -1;
                }
                ++asked;
                const QString verdict = prefers(item.value(QLatin1String("prompt")).toString(),
                    item.value(QLatin1String("left")).toString(), item.value(QLatin1String("right")).toString());
                process.write(QJsonDocument(QJsonObject {{QStringLiteral("verdict"), verdict},
                                                {QStringLiteral("item"), item.value(QLatin1String("item"))},
                                                {QStringLiteral("comment"), QStringLiteral("\"so\", said I")},
                                                {QStringLiteral("seconds"), 2.5}})
                                  .toJson(QJsonDocument::Compact)
                    + '\n');
            }
        }
        qWarning("%s", process.readAllStandardError().constData());
        return -1;
    }

    static QString better(const QString& left, const QString& right)
    {
        if (left.contains(QLatin1String("good")) == right.contains(QLatin1String("good")))
            return QStringLiteral("tie");
        return left.contains(QLatin1String("good")) ? QStringLiteral("left") : QStringLiteral("right");
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        QByteArray pairs, gold;
        for (int i = 0; i < 20; ++i)
            pairs += QStringLiteral(
                "{\"prompt\": \"question %1, \\\"quoted\\\"\", \"chosen\": \"a good answer %1\\nwith, two lines\", "
                "\"rejected\": \"another %1\"}\n")
                         .arg(i)
                         .toUtf8();
        for (int i = 0; i < 9; ++i)
            gold += QStringLiteral("{\"prompt\": \"gold %1\", \"chosen\": \"good\", \"rejected\": \"nonsense\"}\n")
                        .arg(i)
                        .toUtf8();
        m_program.write(QStringLiteral("pairs.jsonl"), pairs);
        m_program.write(QStringLiteral("gold.jsonl"), gold);
        QCOMPARE(
            row(QStringLiteral("--project one.mpo evaluate create --of-pairs --data pairs.jsonl --name s --prompts 16 "
                               "--repeats 4 --gold gold.jsonl --gold-items 3"))
                .value(QLatin1String("evaluation"))
                .toString(),
            QStringLiteral("s"));
    }

    void blindUntilClosed()
    {
        const Result sealed = run(QStringLiteral("--project one.mpo evaluate report s"));
        QCOMPARE(sealed.status, 1);
        QVERIFY(sealed.isOneSentence() && sealed.err.contains("still blind") && sealed.err.contains("--open-early"));
        QVERIFY(run(QStringLiteral("--project one.mpo evaluate export s x.jsonl")).err.contains("still blind"));
        QVERIFY(!QFile::exists(m_program.path(QStringLiteral("x.jsonl"))));
        QVERIFY(!row(QStringLiteral("--project one.mpo evaluate list")).contains(QLatin1String("model_a")));
    }

    /// Two people in two projects, then one session: point for point what each of them said.
    void twoProjectsBecomeOneSession()
    {
        QCOMPARE(
            number(row(QStringLiteral("--project one.mpo evaluate export s s.jsonl --format session")), "items"), 23);
        QCOMPARE(number(row(QStringLiteral("--project two.mpo evaluate import s.jsonl --name t")), "items"), 23);
        QVERIFY(!run(QStringLiteral("--project two.mpo evaluate list")).out.contains("chosen")); // no source is named

        const auto likesGood
            = [](const QString&, const QString& left, const QString& right) { return better(left, right); };
        const auto halfway = [](const QString& prompt, const QString& left, const QString& right) {
            return prompt.startsWith(QLatin1String("question 1")) ? QStringLiteral("left") : better(left, right);
        };
        QCOMPARE(judge(QStringLiteral("one.mpo"), QStringLiteral("s"), QStringLiteral("anna"), likesGood), 23);
        QCOMPARE(judge(QStringLiteral("two.mpo"), QStringLiteral("t"), QStringLiteral("ben"), halfway), 23);
        QCOMPARE(judge(QStringLiteral("two.mpo"), QStringLiteral("t"), QStringLiteral("ben"), halfway), 0); // done
        const QJsonObject merged = row(QStringLiteral("--project one.mpo evaluate merge s two.mpo --session t"));
        QCOMPARE(number(merged, "added"), 23);
        QCOMPARE(merged.value(QLatin1String("annotators")).toArray().size(), 2);
        const QJsonObject again = row(QStringLiteral("--project one.mpo evaluate merge s two.mpo --session t"));
        QCOMPARE(number(again, "added"), 0);
        QCOMPARE(number(again, "known"), 23);
        // Its export holds the same.
        QCOMPARE(
            number(row(QStringLiteral("--project two.mpo evaluate export t t.jsonl --format session")), "items"), 23);
        QCOMPARE(number(row(QStringLiteral("--project one.mpo evaluate merge s t.jsonl")), "known"), 23);
    }

    void lookingEarlyIsNoted()
    {
        const QJsonObject early = row(QStringLiteral("--project one.mpo evaluate report s --open-early"));
        QCOMPARE(early.value(QLatin1String("closed")).toBool(), false);
        const QJsonArray log = early.value(QLatin1String("log")).toArray();
        QVERIFY(log.last().toObject().value(QLatin1String("text")).toString().contains(QLatin1String("opened early")));
        QVERIFY(run(QStringLiteral("--project one.mpo evaluate report s")).err.contains("still blind")); // still
    }

    void reportHasAllNumbers()
    {
        QCOMPARE(
            row(QStringLiteral("--project one.mpo evaluate close s")).value(QLatin1String("closed")).toBool(), true);
        const QJsonObject report = row(QStringLiteral("--project one.mpo evaluate report s"));
        QCOMPARE(report.value(QLatin1String("model_a")).toString(), QStringLiteral("chosen"));
        QCOMPARE(number(report, "prompts"), 16);
        QCOMPARE(number(report, "judged"), 16);
        const double wins = number(report, "wins_a"), ties = number(report, "ties");
        QVERIFY(wins > 0 && wins + ties == 16); // anna always says A; ben at times the other: a tie of the two
        QCOMPARE(number(report, "win_rate_a_without_ties"), 1.0);
        const QJsonArray judges = report.value(QLatin1String("judges")).toArray();
        QCOMPARE(judges.size(), 2);
        const QJsonObject anna = judges[0].toObject();
        QCOMPARE(number(anna.value(QLatin1String("gold")).toObject(), "hits"), 3);
        QCOMPARE(number(anna.value(QLatin1String("repeats")).toObject(), "same"), 4);
        QCOMPARE(number(anna.value(QLatin1String("wins")).toObject(), "a"), 16);
        QCOMPARE(number(anna, "median_seconds"), 2.5);
        QCOMPARE(number(report.value(QLatin1String("pairs")).toArray()[0].toObject(), "items"), 16);
        QCOMPARE(report.value(QLatin1String("disputed")).toArray().size(), int(ties));
        QVERIFY(report.value(QLatin1String("log")).toArray().size() >= 4); // merged three times, opened, closed
        const Result text = run(QStringLiteral("--project one.mpo evaluate report s"));
        for (const char* part : {"win rate of A", "Krippendorff", "anna", "ben", "opened early", "sign test"})
            QVERIFY2(text.out.contains(part), text.out.constData());
        QVERIFY(run(QStringLiteral("--project one.mpo evaluate merge s t.jsonl")).err.contains("is closed"));
        QVERIFY(run(QStringLiteral("--project one.mpo evaluate answer s"), "1\n").err.contains("is closed"));
    }

    /// What the importer reads back is what people decided.
    void exportsAreImportedAgain_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("file");
        QTest::newRow("trl") << QStringLiteral("trl") << QStringLiteral("out.jsonl");
        QTest::newRow("trl csv") << QStringLiteral("trl") << QStringLiteral("pairs.csv");
        QTest::newRow("arena") << QStringLiteral("arena") << QStringLiteral("arena.jsonl");
        QTest::newRow("csv") << QStringLiteral("csv") << QStringLiteral("out.csv");
    }
    void exportsAreImportedAgain()
    {
        QFETCH(QString, format);
        QFETCH(QString, file);
        const QJsonObject exported
            = row(QStringLiteral("--project one.mpo evaluate export s %1 --format %2").arg(file, format));
        const QJsonObject report = row(QStringLiteral("--project one.mpo evaluate report s"));
        const double wins = number(report, "wins_a");
        const bool perJudgment = format != QLatin1String("trl");
        QCOMPARE(number(exported, "rows"), perJudgment ? 32.0 : wins); // no repeats, no gold items
        const QString name = format + file.right(3);
        QVERIFY(!row(QStringLiteral("--project one.mpo data import %1 --name %2").arg(file, name)).isEmpty());
        const auto pairs = rows(QStringLiteral("--project one.mpo data show %1 --limit 100").arg(name));
        QVERIFY(pairs.size() >= (perJudgment ? 16 : wins)); // two judges of one mind are one pair
        int good = 0;
        for (const QJsonObject& pair : pairs) {
            const QString chosen = pair.value(QLatin1String("chosen")).toString().trimmed(),
                          rejected = pair.value(QLatin1String("rejected")).toString().trimmed();
            QVERIFY2(chosen != rejected && !chosen.startsWith(QLatin1String("nonsense")), qPrintable(chosen));
            QVERIFY(pair.value(QLatin1String("prompt")).toString().contains(QLatin1String("question")));
            QVERIFY(chosen.contains(QLatin1Char('\n')) || rejected.contains(QLatin1Char('\n')));
            good += chosen.startsWith(QLatin1String("a good answer")) ? 1 : 0;
        }
        QVERIFY(good >= (perJudgment ? 16 : wins));
    }

    void severalSessionsAreRanked()
    {
        QVERIFY(
            !row(QStringLiteral("--project one.mpo evaluate create --of-pairs --data pairs.jsonl --name u --prompts 5 "
                                "--seed 7"))
                 .isEmpty());
        QCOMPARE(judge(QStringLiteral("one.mpo"), QStringLiteral("u"), QStringLiteral("anna"),
                     [](const QString&, const QString& left, const QString& right) { return better(left, right); }),
            5);
        row(QStringLiteral("--project one.mpo evaluate close u"));
        const auto all = rows(QStringLiteral("--project one.mpo evaluate report s u"));
        QCOMPARE(all.size(), 3);
        const QJsonObject ranking = all.last().value(QLatin1String("ranking")).toObject();
        const QJsonArray order = ranking.value(QLatin1String("bradley_terry")).toArray();
        QCOMPARE(order[0].toObject().value(QLatin1String("source")).toString(), QStringLiteral("chosen"));
        const QJsonArray tests = ranking.value(QLatin1String("comparisons")).toArray();
        QVERIFY(number(tests[1].toObject(), "holm_p") >= number(tests[1].toObject(), "sign_test_p"));
        QVERIFY(run(QStringLiteral("--project one.mpo evaluate report s u")).out.contains("after Holm"));
    }

    void keysOfThePersonAtTheTerminal()
    {
        QVERIFY(!row(
            QStringLiteral("--project three.mpo evaluate create --of-pairs --data pairs.jsonl --name k --prompts 4"))
                     .isEmpty());
        const Result first
            = run(QStringLiteral("--project three.mpo evaluate answer k"), "7\n1 because it is clearer\nu\n2\nb\nq\n");
        QCOMPARE(first.status, 0);
        QVERIFY2(first.out.contains("2 of 4 items are judged"), first.out.constData());
        QVERIFY(first.out.contains("---- 1 of 4") && !first.out.contains("chosen"));
        const Result rest = run(QStringLiteral("--project three.mpo evaluate answer k"), "0\ns\n");
        QVERIFY(rest.out.contains("All 4 items are judged"));
        row(QStringLiteral("--project three.mpo evaluate close k"));
        const QJsonObject report = row(QStringLiteral("--project three.mpo evaluate report k"));
        QCOMPARE(number(report, "judged"), 3);
        QCOMPARE(number(report, "skipped_by_all"), 1);
        QCOMPARE(number(report, "ties"), 2);
        QCOMPARE(number(report.value(QLatin1String("sides")).toObject(), "right"), 1);
    }

    /// Two of three judge each item; who comes first in a project has the first share, or says which.
    void itemsAreDivided()
    {
        row(QStringLiteral("--project eight.mpo evaluate create --of-pairs --data pairs.jsonl --name d --prompts 18 "
                           "--annotators 3 --overlap 2"));
        const auto likesGood
            = [](const QString&, const QString& left, const QString& right) { return better(left, right); };
        const QString project = QStringLiteral("eight.mpo"), session = QStringLiteral("d");
        int asked = 0;
        for (const char* name : {"anna", "ben"}) {
            const int one = judge(project, session, QLatin1String(name), likesGood);
            QCOMPARE(one, 12);
            asked += one;
        }
        QVERIFY(run(QStringLiteral("--project eight.mpo evaluate answer d --annotator cem --number 2"))
                    .err.contains("number 2 is ben"));
        QVERIFY(run(QStringLiteral("--project eight.mpo evaluate answer d")).err.contains("a name is needed"));
        asked += judge(project, session, QStringLiteral("cem"), likesGood);
        QCOMPARE(asked, 36);
        QVERIFY(run(QStringLiteral("--project eight.mpo evaluate answer d --annotator dora"))
                    .err.contains("all have begun"));
        row(QStringLiteral("--project eight.mpo evaluate close d"));
        const QJsonObject report = row(QStringLiteral("--project eight.mpo evaluate report d"));
        QCOMPARE(number(report, "judged"), 18);
        double shared = 0;
        for (const auto& pair : report.value(QLatin1String("pairs")).toArray())
            shared += number(pair.toObject(), "items");
        QCOMPARE(shared, 18.0);
    }

    /// Prompts of the demo's kind of scores: as many from each third of the gaps.
    void promptsAreDrawnByGap()
    {
        const Result none = run(
            QStringLiteral("--project nine.mpo evaluate create --of-pairs --data pairs.jsonl --name g --gap-strata 3"));
        QVERIFY2(none.status == 1 && none.err.contains("mpo score"), none.err.constData());
        const Result many = run(QStringLiteral(
            "--project nine.mpo evaluate create --of-pairs --data pairs.jsonl --name g --annotators 2 --overlap 3"));
        QVERIFY2(many.status == 1 && many.err.contains("at most their number"), many.err.constData());
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("arguments");
        QTest::addColumn<QByteArray>("says");
        const auto add = [](const char* arguments, const char* says) {
            QTest::newRow(arguments) << QString::fromLatin1(arguments) << QByteArray(says);
        };
        add("--project one.mpo evaluate report nothing", "there are: \"s\"");
        add("--project one.mpo evaluate merge s nowhere.jsonl", "nowhere.jsonl");
        add("--project one.mpo evaluate merge s one.mpo", "this project itself");
        add("--project four.mpo evaluate merge w s.jsonl", "has 23 items, the one here 16");
        add("--project four.mpo evaluate import pairs.jsonl", "pairs.jsonl: line 1");
        add("--project four.mpo evaluate import cut.jsonl", "cut.jsonl: line 3");
        add("--project four.mpo evaluate import later.jsonl", "later.jsonl: line 2");
        add("--project four.mpo evaluate import empty.jsonl", "empty.jsonl");
        add("--project one.mpo evaluate export s out.txt --format csv", "ends in .csv");
        add("--project one.mpo evaluate export s out.jsonl --format xml", "trl, arena and csv");
        add("--project four.mpo evaluate answer w --annotator model:x", "no people");
        add("--project four.mpo evaluate create --of-pairs --data prompts.jsonl", "holds no pairs");
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, arguments);
        QFETCH(QByteArray, says);
        if (!QFile::exists(m_program.path(QStringLiteral("four.mpo"))))
            row(QStringLiteral(
                "--project four.mpo evaluate create --of-pairs --data pairs.jsonl --name w --prompts 16"));
        QFile file(m_program.path(QStringLiteral("s.jsonl")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray whole = file.readAll();
        const auto third = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1;
        m_program.write(QStringLiteral("cut.jsonl"), whole.left(third + 30));
        m_program.write(QStringLiteral("later.jsonl"),
            whole.left(whole.indexOf('\n') + 1)
                + R"({"prompt":"p","response_a":"a","response_b":"b","a_is_left":true,"pair":1,"kind":1,"repeat_of":5})");
        m_program.write(QStringLiteral("empty.jsonl"), {});
        m_program.write(QStringLiteral("prompts.jsonl"), "{\"prompt\": \"x\"}\n");
        const Result result = run(arguments);
        QCOMPARE(result.status, 1);
        QVERIFY2(result.isOneSentence() && result.err.contains(says), result.err.constData());
    }

    void namelessJudgmentsOfTwoPeopleNeedANameFirst()
    {
        QVERIFY(!row(
            QStringLiteral("--project five.mpo evaluate create --of-pairs --data pairs.jsonl --name n --prompts 3"))
                     .isEmpty());
        row(QStringLiteral("--project five.mpo evaluate export n n.jsonl --format session"));
        row(QStringLiteral("--project six.mpo evaluate import n.jsonl"));
        run(QStringLiteral("--project five.mpo evaluate answer n"), "1\n1\n1\n");
        run(QStringLiteral("--project six.mpo evaluate answer n"), "2\n2\n2\n");
        const Result unclear = run(QStringLiteral("--project five.mpo evaluate merge n six.mpo"));
        QVERIFY2(unclear.status == 1 && unclear.err.contains("--annotator"), unclear.err.constData());
        QCOMPARE(
            number(row(QStringLiteral("--project five.mpo evaluate merge n six.mpo --annotator cleo")), "added"), 3);
    }

    void answersOfScriptsAreChecked()
    {
        row(QStringLiteral("--project seven.mpo evaluate create --of-pairs --data pairs.jsonl --name a --prompts 3"));
        for (const auto& [line, says] :
            {std::pair {"not json", "not a JSON object"}, {"{\"verdict\": \"maybe\"}", "maybe"},
                {"{\"comment\": \"\"}", "verdict"}, {"{\"verdict\": \"left\", \"item\": 99}", "item 99"}}) {
            const Result result
                = run(QStringLiteral("--json --project seven.mpo evaluate answer a"), QByteArray(line) + '\n');
            QCOMPARE(result.status, 1);
            QVERIFY2(result.err.contains(says) && result.err.count('\n') == 1, result.err.constData());
        }
        QCOMPARE(number(row(QStringLiteral("--project seven.mpo evaluate answer a")), "judged"), 0);
        const QJsonObject end = row(QStringLiteral("--project seven.mpo evaluate answer a"),
            "{\"verdict\": \"left\"}\n{\"undo\": true}\n{\"verdict\": \"right\"}\n");
        QCOMPARE(number(end, "judged"), 1);
    }
};

QTEST_GUILESS_MAIN(TestCliEvaluate)
#include "tst_cli_evaluate.moc"
