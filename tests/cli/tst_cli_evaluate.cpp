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

    QByteArray read(const char* name) const
    {
        QFile file(m_program.path(QLatin1String(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
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

    /// Votes, flag and strength from a script to the report and every file, and through another project.
    void whatIsSaidBesideTheVerdict()
    {
        QVERIFY(
            !row(QStringLiteral("--project ten.mpo evaluate create --of-pairs --data pairs.jsonl --name c --prompts "
                                "6 --criteria hh --strength"))
                 .isEmpty());
        QCOMPARE(
            number(row(QStringLiteral("--project ten.mpo evaluate export c c.jsonl --format session")), "items"), 6);
        QVERIFY(!row(QStringLiteral("--project eleven.mpo evaluate import c.jsonl")).isEmpty());
        // anna: A is better, much, and more helpful; the other is more harmless. Item 2 is flagged.
        QProcess process;
        m_program.start(process,
            {QStringLiteral("--quiet"), QStringLiteral("--json"), QStringLiteral("--project"),
                QStringLiteral("eleven.mpo"), QStringLiteral("evaluate"), QStringLiteral("answer"), QStringLiteral("c"),
                QStringLiteral("--annotator"), QStringLiteral("anna")});
        int asked = 0;
        while (process.waitForReadyRead(30000)) {
            const QJsonObject item = QJsonDocument::fromJson(process.readLine()).object();
            if (item.contains(QLatin1String("done")))
                break;
            ++asked;
            QCOMPARE(item.value(QLatin1String("criteria")).toArray().size(), 2);
            QCOMPARE(item.value(QLatin1String("strength")).toArray().size(), 3);
            const QString good
                = better(item.value(QLatin1String("left")).toString(), item.value(QLatin1String("right")).toString());
            const QString other = good == QLatin1String("left") ? QStringLiteral("right") : QStringLiteral("left");
            const bool flagged = number(item, "item") == 2;
            process.write(
                QJsonDocument(
                    QJsonObject {{QStringLiteral("verdict"), good},
                        {QStringLiteral("votes"),
                            QJsonObject {{QStringLiteral("helpful"), good}, {QStringLiteral("harmless"), other}}},
                        {QStringLiteral("strength"), QStringLiteral("much")}, {QStringLiteral("flag"), flagged},
                        {QStringLiteral("comment"), flagged ? QStringLiteral("a leak") : QString()}})
                    .toJson(QJsonDocument::Compact)
                + '\n');
        }
        process.closeWriteChannel();
        process.waitForFinished();
        QCOMPARE(asked, 6);
        QCOMPARE(number(row(QStringLiteral("--project ten.mpo evaluate merge c eleven.mpo")), "added"), 6);
        row(QStringLiteral("--project ten.mpo evaluate close c"));
        const QJsonObject report = row(QStringLiteral("--project ten.mpo evaluate report c"));
        const QJsonArray criteria = report.value(QLatin1String("criteria")).toArray();
        QCOMPARE(criteria.size(), 2);
        QCOMPARE(number(criteria[0].toObject().value(QLatin1String("wins")).toObject(), "a"), 6);
        QCOMPARE(number(criteria[1].toObject().value(QLatin1String("wins")).toObject(), "b"), 6);
        QCOMPARE(number(criteria[0].toObject().value(QLatin1String("as_verdict")).toObject(), "share"), 1);
        QCOMPARE(number(criteria[1].toObject().value(QLatin1String("same_winner")).toObject(), "hits"), 0);
        const QJsonObject queued = report.value(QLatin1String("queue")).toArray().at(0).toObject();
        QCOMPARE(number(queued, "item"), 2);
        const QJsonObject much
            = report.value(QLatin1String("strength")).toObject().value(QLatin1String("much")).toObject();
        QCOMPARE(number(much, "a"), 6);
        const QByteArray text = run(QStringLiteral("--project ten.mpo evaluate report c")).out;
        for (const char* part :
            {"criterion", "harmless", "as the verdict", "flagged by anna (a leak)", "item 3", "0, 0, 6"})
            QVERIFY2(text.contains(part), text.constData());

        // Files.
        const QJsonObject trl = row(QStringLiteral("--project ten.mpo evaluate export c c-trl.jsonl"));
        QCOMPARE(number(trl, "rows"), 5);
        QCOMPARE(number(trl, "flagged"), 1); // left out, and said
        // By harmless the other response is the chosen one.
        row(QStringLiteral("--project ten.mpo evaluate export c harmless.jsonl --criterion harmless"));
        const QJsonObject whole = QJsonDocument::fromJson(read("c-trl.jsonl").split('\n').front()).object();
        const QJsonObject byOne = QJsonDocument::fromJson(read("harmless.jsonl").split('\n').front()).object();
        QVERIFY(!whole.isEmpty());
        QCOMPARE(byOne.value(QLatin1String("chosen")), whole.value(QLatin1String("rejected")));
        QVERIFY(run(QStringLiteral("--project ten.mpo evaluate export c x.jsonl --criterion kind"))
                    .err.contains("there are helpful, harmless"));
        QCOMPARE(number(row(QStringLiteral("--project ten.mpo evaluate export c c.csv --format csv")), "rows"), 6);
        const QByteArray csv = read("c.csv");
        QVERIFY2(
            csv.startsWith("instruction,") && csv.contains(",flagged,strength,preference_helpful,preference_harmless"),
            csv.constData());
        QCOMPARE(csv.count(",false,3.0,1.0,2.0"), 5);
        QCOMPARE(csv.count(",true,3.0,1.0,2.0"), 1);
        row(QStringLiteral("--project ten.mpo evaluate export c c-arena.jsonl --format arena"));
        const QByteArray arena = read("c-arena.jsonl");
        QCOMPARE(arena.count("\"winner_by_criterion\":{\"helpful\":\"model_a\",\"harmless\":\"model_b\"}"), 6);
        QCOMPARE(arena.count("\"flagged\":true"), 1);
        for (const char* file : {"c.csv", "c-arena.jsonl"})
            QVERIFY(!row(QStringLiteral("--project ten.mpo data import %1").arg(QLatin1String(file))).isEmpty());
        // As a session file it is the same session again.
        row(QStringLiteral("--project ten.mpo evaluate export c whole.jsonl --format session"));
        row(QStringLiteral("--project twelve.mpo evaluate import whole.jsonl"));
        const QJsonObject copy = row(QStringLiteral("--project twelve.mpo evaluate report c"));
        for (const char* part : {"criteria", "queue", "strength", "judges"})
            QCOMPARE(copy.value(QLatin1String(part)), report.value(QLatin1String(part)));
    }

    void votesOfThePersonAtTheTerminal()
    {
        QVERIFY(!row(QStringLiteral("--project kt.mpo evaluate create --of-pairs --data pairs.jsonl --name k --prompts "
                                    "3 --criteria helpful,harmless,honest --strength"))
                     .isEmpty());
        const Result first = run(QStringLiteral("--project kt.mpo evaluate answer k"),
            "hel 1\nharmless 2\nh 1\nmuch\nf\n1 so\nhonest 0\nu\nhonest 2\n2\nf\nf\n0\nclearly\ns\n");
        QVERIFY2(
            first.out.contains("helpful, harmless, honest") && first.out.contains("f flag"), first.out.constData());
        QCOMPARE(first.err.count("none of the keys"), 1); // "h" begins three names
        QVERIFY(first.out.contains("All 3 items are judged"));
        row(QStringLiteral("--project kt.mpo evaluate export k k.jsonl --format session"));
        const QByteArray file = read("k.jsonl");
        QCOMPARE(file.count("\"verdict\""), 3);
        // The first was undone, and its votes with it.
        QVERIFY(!file.contains("\"helpful\":\"left\"") && !file.contains("flagged"));
        QCOMPARE(file.count("\"votes\":{\"honest\":\"right\"}"), 1);
        QVERIFY(!file.contains("\"strength\":2")); // a skipped item has none
    }

    void onlyCopiesWithTheSameCriteriaAreMerged()
    {
        row(QStringLiteral("--project cr.mpo evaluate create --of-pairs --data pairs.jsonl --name c --prompts 6 "
                           "--criteria clear"));
        const Result result = run(QStringLiteral("--project cr.mpo evaluate merge c whole.jsonl"));
        QVERIFY2(result.status == 1 && result.err.contains("other criteria"), result.err.constData());
    }

    /// What is drawn: tst_create_evaluation.
    void sourcesAreFilesOfOtherTools()
    {
        QByteArray x, y;
        for (const char number : {'1', '2', '3'}) {
            x += QByteArray("{\"instruction\":\"Q") + number + "\",\"output\":\"x says\",\"generator\":\"x\"}\n";
            y += QByteArray("{\"prompt\":\"Q") + number + "\",\"response\":\"ChatGPT says\"}\n";
        }
        m_program.write(QStringLiteral("x.jsonl"), x);
        m_program.write(QStringLiteral("y.jsonl"), y);
        const QString create = QStringLiteral(
            "--project files.mpo evaluate create --source x.jsonl --source y.jsonl --criteria hh --strength --name f");
        const QJsonObject created = row(create);
        QCOMPARE(number(created, "leaks"), 3);
        QCOMPARE(created.value(QLatin1String("leak_words")).toString(), QStringLiteral("chatgpt"));
        row(QStringLiteral("--project files.mpo evaluate close f"));
        const QJsonObject report = row(QStringLiteral("--project files.mpo evaluate report f"));
        QCOMPARE(report.value(QLatin1String("model_a")).toString(), QStringLiteral("x"));
        QCOMPARE(report.value(QLatin1String("model_b")).toString(), QStringLiteral("y"));
        QCOMPARE(report.value(QLatin1String("queue")).toArray().size(), 3);
        const Result none = run(create + QStringLiteral(" --without-leaks"));
        QVERIFY2(none.status == 1 && none.err.contains("nothing is left"), none.err.constData());
        QCOMPARE(run(QStringLiteral("--project files.mpo evaluate create --of-pairs")).status, 2);
    }

    void drawsThatCannotBe()
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
        add("--project four.mpo evaluate create --of-pairs --data pairs.jsonl --criteria overall,helpful",
            "the verdict itself");
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
            {std::pair {"{\"verdict\": \"left\", \"votes\": {\"helpful\": \"left\"}}", "no criterion"},
                {"{\"verdict\": \"left\", \"strength\": \"much\"}", "not asked for"}, {"not json", "not a JSON object"},
                {"{\"verdict\": \"maybe\"}", "maybe"}, {"{\"comment\": \"\"}", "verdict"},
                {"{\"verdict\": \"left\", \"item\": 99}", "item 99"}}) {
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
