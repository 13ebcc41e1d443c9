// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/program.h"

#include <QTest>

/// `mpo data edit|edits`, `mpo split --edits`, what trainings and exports see of it, and `mpo scores compare`.
class TestCliEdits : public QObject
{
    Q_OBJECT

    Program m_program;

    Result run(const char* arguments) const
    {
        return m_program.run(
            QStringList {QStringLiteral("--project"), QStringLiteral("p.mpo"), QStringLiteral("--json")}
            + QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts));
    }
    QJsonObject row(const char* arguments) const
    {
        const Result result = run(arguments);
        if (result.status != 0 || result.rows().size() != 1)
            qWarning("%s: %s%s", arguments, result.out.constData(), result.err.constData());
        return result.rows().value(0);
    }

private Q_SLOTS:
    /// Gaps by A: 4, 3, 2, 1, -1, -2, -3, -4; by B: 1, -1, 2, 3, -1, 2, 0, -1.
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        tiny_model::write(m_program.path(QStringLiteral("tiny")));
        QByteArray pairs, turned, a, b;
        const int gapsA[] {4, 3, 2, 1, -1, -2, -3, -4}, gapsB[] {1, -1, 2, 3, -1, 2, 0, -1};
        for (int i = 0; i < 8; ++i) {
            const auto line = [&](int chosen, int rejected) {
                return QStringLiteral(
                    "{\"prompt_ids\": [%1, 1], \"chosen_ids\": [%2, 10], \"rejected_ids\": [%3, 10]}\n")
                    .arg(i)
                    .arg(chosen)
                    .arg(rejected)
                    .toUtf8();
            };
            pairs += line(2 + i % 3, 6 + i % 4);
            if (i == 1)
                turned += line(6 + i % 4, 2 + i % 3); // pair 2 is flipped, pair 4 dropped, the others are hard
            else if (i == 0 || i == 2)
                turned += line(2 + i % 3, 6 + i % 4);
            const auto score = [](int gap) {
                return QStringLiteral("{\"chosen_score\": %1, \"rejected_score\": 0}\n").arg(gap).toUtf8();
            };
            a += score(gapsA[i]);
            b += score(gapsB[i]);
        }
        m_program.write(QStringLiteral("pairs.jsonl"), pairs);
        m_program.write(QStringLiteral("turned.jsonl"), turned);
        m_program.write(QStringLiteral("a.jsonl"), a);
        m_program.write(QStringLiteral("b.jsonl"), b);
        QCOMPARE(run("data import pairs.jsonl").status, 0);
        QCOMPARE(run("model import tiny --name base").status, 0);
        for (const char* scores : {"split --data pairs --scores a.jsonl --gap 0 --name plain",
                 "split --data pairs --scores b.jsonl --gap 0 --name plain-b"})
            QCOMPARE(row(scores).value(QLatin1String("edits")).toInt(), 0);
    }

    void editsAreLogged()
    {
        const QJsonObject first = row("data edit pairs --flip 2,8 --by Ada");
        QCOMPARE(first.value(QLatin1String("number")).toInt(), 1);
        QCOMPARE(first.value(QLatin1String("pairs")).toArray(), (QJsonArray {2, 8}));
        QCOMPARE(row("data edit pairs --drop 4").value(QLatin1String("number")).toInt(), 2);
        QCOMPARE(row("data edit pairs --undo").value(QLatin1String("of")).toInt(), 2);
        QCOMPARE(row("data edit pairs --redo").value(QLatin1String("of")).toInt(), 2);
        QCOMPARE(row("data edit pairs --keep 8").value(QLatin1String("number")).toInt(), 5);
        const auto log = run("data edits pairs").rows();
        QCOMPARE(log.size(), 5);
        QCOMPARE(log[0].value(QLatin1String("who")).toString(), QStringLiteral("Ada"));
        QCOMPARE(log[3].value(QLatin1String("kind")).toString(), QStringLiteral("redo"));
        QVERIFY(run("data edit pairs --flip 2").rows().isEmpty()); // it is so already
        for (const auto& [arguments, status] : {std::pair("data edit pairs --flip 9", 1),
                 std::pair("data edit pairs --flip x", 1), std::pair("data edit none --undo", 1),
                 std::pair("data edit pairs", 2), std::pair("data edit pairs --undo --flip 1", 2),
                 std::pair("split --data pairs --scores a --gap 0 --edits 17", 1),
                 std::pair("split --data pairs --scores a --gap 0 --edits=-3", 2)}) {
            const Result wrong = run(arguments);
            QVERIFY2(wrong.status == status && wrong.isOneSentence(), (arguments + wrong.err).constData());
        }
    }

    void aSplitTakesThemInOnlyIfAsked()
    {
        // Pair 2 counts with -3, pair 4 not at all.
        const QJsonObject split = row("split --data pairs --scores a --gap=-3.5 --edits --name edited");
        QCOMPARE(split.value(QLatin1String("edits")).toInt(), 5);
        QCOMPARE(split.value(QLatin1String("easy")).toInt(), 6);
        QCOMPARE(split.value(QLatin1String("hard")).toInt(), 1);
        QCOMPARE(split.value(QLatin1String("flipped")).toInt(), 1);
        QCOMPARE(split.value(QLatin1String("dropped")).toInt(), 1);
        // By entry 1 of the log pairs 2 and 8 are flipped: gaps 4, -3, 2, 1, -1, -2, -3, 4.
        QCOMPARE(
            row("split --data pairs --scores a --gap 0 --edits 1 --name first").value(QLatin1String("easy")).toInt(),
            4);
        const Result plain
            = m_program.run({QStringLiteral("--project"), QStringLiteral("p.mpo"), QStringLiteral("split"),
                QStringLiteral("--data"), QStringLiteral("pairs"), QStringLiteral("--scores"), QStringLiteral("a"),
                QStringLiteral("--gap"), QStringLiteral("0"), QStringLiteral("--name"), QStringLiteral("plain")});
        QVERIFY2(plain.out.contains("4 easy, 4 hard") && plain.err.contains("--edits"), plain.err.constData());
    }

    void aSplitIsNotReplacedUnseen()
    {
        const QByteArray again = "split --data pairs --scores a --gap 0 --name plain";
        QCOMPARE(run(again.constData()).status, 0); // the same
        const Result other = run("split --data pairs --scores a --gap 1 --name plain");
        QVERIFY2(other.status == 1 && other.isOneSentence() && other.err.contains("--replace"), other.err.constData());
        QCOMPARE(row("split --data pairs --scores a --gap 1 --name plain --replace")
                     .value(QLatin1String("threshold"))
                     .toDouble(),
            1.0);
        QCOMPARE(run((again + " --replace").constData()).status, 0);
    }

    /// DPO on the split and on data that hold what it should see make the same model, byte for byte.
    void theEngineTrainsOnThemAsEdited()
    {
        QVERIFY(run("data edit pairs --reset --flip 2 --drop 4").status == 0);
        // Easy by absolute gaps above 1.5: pairs 1, 2 (flipped) and 3; 6 to 8 are dropped for this split.
        QVERIFY(run("data edit pairs --drop 6-8").status == 0);
        const QJsonObject split = row("split --data pairs --scores a --gap 1.5 --absolute --edits --name for-dpo");
        QCOMPARE(split.value(QLatin1String("easy")).toInt(), 3);
        QCOMPARE(split.value(QLatin1String("dropped")).toInt(), 4);
        QCOMPARE(run("data export pairs --out easy.jsonl --split for-dpo --bucket easy").status, 0);
        QCOMPARE(run("data import turned.jsonl").status, 0);
        QCOMPARE(run("data export turned --out turned-again.jsonl").status, 0);
        QVERIFY(!m_program.content("easy.jsonl").isEmpty());
        QCOMPARE(m_program.content("easy.jsonl"), m_program.content("turned-again.jsonl"));
        const char* settings = " --set max_steps=4 --set learning_rate=0.01 --set batch_size=2";
        for (const char* line : {"train dpo --model base --data pairs --split for-dpo --out by-split",
                 "train dpo --model base --data turned --out by-data",
                 "train dpo --model base --data pairs --split plain --out unedited"}) {
            const Result result = run((QByteArray(line) + settings).constData());
            QVERIFY2(result.status == 0, result.err.constData());
        }
        const QByteArray weights = m_program.content("p.mpo/models/by-split/model.safetensors");
        QVERIFY(!weights.isEmpty());
        QCOMPARE(weights, m_program.content("p.mpo/models/by-data/model.safetensors"));
        QVERIFY(weights != m_program.content("p.mpo/models/unedited/model.safetensors"));
    }

    /// A split made anew with other edits under its name is another training; with the same ones it is not.
    void finishedIsFinishedUntilTheEditsChange()
    {
        const auto stepsOf = [&](const char* split) {
            row(split);
            const Result result = run("train dpo --model base --data pairs --split again --out again --max-steps 2");
            qsizetype steps = 0;
            for (const QJsonObject& line : result.rows())
                steps += line.contains(QLatin1String("step")) ? 1 : 0;
            return result.status == 0 ? steps : qsizetype(-1);
        };
        const char* split = "split --data pairs --scores a --gap 1.5 --absolute --edits --replace --name again";
        QCOMPARE(stepsOf(split), qsizetype(2));
        QCOMPARE(stepsOf(split), qsizetype(0));
        QCOMPARE(run("data edit pairs --flip 1").status, 0);
        QCOMPARE(stepsOf(split), qsizetype(2));
        QCOMPARE(run("data edit pairs --undo").status, 0);
    }

    void aLogIsRepeatedElsewhere()
    {
        const Result log = run("data edits pairs");
        m_program.write(QStringLiteral("log.jsonl"), log.out);
        const auto other = [&](const QStringList& words) {
            return m_program.run(
                QStringList {QStringLiteral("--project"), QStringLiteral("other.mpo"), QStringLiteral("--json")}
                + words);
        };
        QCOMPARE(other({QStringLiteral("data"), QStringLiteral("import"), QStringLiteral("pairs.jsonl")}).status, 0);
        const Result repeated = other({QStringLiteral("data"), QStringLiteral("edit"), QStringLiteral("pairs"),
            QStringLiteral("--log"), QStringLiteral("log.jsonl")});
        QVERIFY2(repeated.status == 0, repeated.err.constData());
        const auto made = repeated.rows(), wanted = log.rows();
        QCOMPARE(made.size(), wanted.size());
        for (qsizetype i = 0; i < made.size(); ++i)
            for (const char* key : {"number", "kind", "edit", "pairs", "who", "of"})
                QCOMPARE(made[i].value(QLatin1String(key)), wanted[i].value(QLatin1String(key)));
    }

    /// The commands of the report make the same split in a project without this log.
    void theReportRepeatsThem()
    {
        QCOMPARE(run("report --run 1 --out r.html").status, 0); // of the first training
        const QString page = QString::fromUtf8(m_program.content("r.html"));
        QVERIFY(page.contains(
            QStringLiteral("mpo data edit pairs --reset --flip 2 --drop 4,6-8\n"
                           "mpo split --data pairs --scores a --gap 1.5 --absolute --edits --name for-dpo")));
        QVERIFY(page.contains(QStringLiteral("by hand 1 flipped, 4 dropped")));
    }

    /// Worked by hand from the gaps above initTestCase().
    void twoScoringsCompared()
    {
        const QJsonObject both = row("scores compare a b --gap 0.5 --limit 2");
        QCOMPARE(both.value(QLatin1String("pairs")).toInt(), 8);
        QCOMPARE(both.value(QLatin1String("accuracy_a")).toDouble(), 0.5);
        QCOMPARE(both.value(QLatin1String("accuracy_b")).toDouble(), 4.5 / 8.0); // one gap is 0
        QCOMPARE(both.value(QLatin1String("alike")).toDouble(), 5.5 / 8.0); // pairs 1, 3, 4, 5, 8, and 7 by half
        QCOMPARE(both.value(QLatin1String("disagreeing")).toInt(), 2); // 2 and 6
        QCOMPARE(both.value(QLatin1String("changed")).toInt(), 2); // easy by A 1-4, by B 1, 3, 4 and 6
        const QJsonArray apart = both.value(QLatin1String("disagreeing_pairs")).toArray();
        QCOMPARE(apart.size(), 2);
        QCOMPARE(apart[0].toObject().value(QLatin1String("pair")).toInt(), 2); // 4 apart, as is pair 6
        // numpy.corrcoef and scipy.stats.spearmanr of the two rows
        QVERIFY(qAbs(both.value(QLatin1String("pearson")).toDouble() - 0.2748171674486066) < 1e-12);
        QVERIFY(qAbs(both.value(QLatin1String("spearman")).toDouble() - 0.20868716185960046) < 1e-12);
        const Result wrong = run("scores compare a none");
        QVERIFY2(wrong.status == 1 && wrong.isOneSentence(), wrong.err.constData());
        QCOMPARE(run("scores list").rows().size(), 2);
    }
};

QTEST_GUILESS_MAIN(TestCliEdits)
#include "tst_cli_edits.moc"
