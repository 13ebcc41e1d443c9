// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/program.h"

#include <QJsonArray>
#include <QTest>

/// `mpo data check`, as a script uses it.
class TestCliDataCheck : public QObject
{
    Q_OBJECT

    Program m_program;

    Result run(const char* arguments) const
    {
        return m_program.run(QStringList {QStringLiteral("--project"), QStringLiteral("p.mpo")}
            + QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts));
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        m_program.write(QStringLiteral("train.jsonl"), R"({"prompt": "one", "chosen": "a", "rejected": "bb"}
{"prompt": "one", "chosen": "bb", "rejected": "a"}
{"prompt": "two", "chosen": "ccc", "rejected": "d"}
)");
        m_program.write(QStringLiteral("test.jsonl"), R"({"prompt": "two", "chosen": "x", "rejected": "y"}
)");
        QCOMPARE(run("data import train.jsonl").status, 0);
        QCOMPARE(run("data import test.jsonl").status, 0);
    }

    void tellsWhatStandsOut()
    {
        const QList<QJsonObject> rows = run("--json data check train --against test").rows();
        QCOMPARE(rows.size(), 3);
        QCOMPARE(number(rows[0], "rows"), 3.0);
        QCOMPARE(number(rows[0], "distinct_prompts"), 2.0);
        QCOMPARE(number(rows[0], "conflicts"), 1.0);
        QCOMPARE(number(rows[0], "leaks"), 1.0);
        QCOMPARE(number(rows[0], "duplicates"), 0.0);
        QCOMPARE(number(rows[0].value(QLatin1String("lengths")).toObject().value(QLatin1String("chosen")).toObject(),
                     "longest"),
            3.0);
        QCOMPARE(rows[1].value(QLatin1String("finding")).toString(), QStringLiteral("opposite labels"));
        QCOMPARE(number(rows[1], "row"), 2.0);
        QCOMPARE(number(rows[1], "other"), 1.0);
        QCOMPARE(rows[2].value(QLatin1String("finding")).toString(), QStringLiteral("prompt in both"));
        const Result table = run("data check train");
        QVERIFY(table.out.contains("opposite labels") && table.out.contains("characters"));
    }

    void unknownNames()
    {
        for (const char* what :
            {"data check nothing", "data check train --against nothing", "data check train --model nothing"}) {
            const Result result = run(what);
            QCOMPARE(result.status, 1);
            QVERIFY2(result.isOneSentence(), result.err.constData());
        }
    }
};

QTEST_GUILESS_MAIN(TestCliDataCheck)
#include "tst_cli_data_check.moc"
