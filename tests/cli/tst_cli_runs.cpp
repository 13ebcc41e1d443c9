// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/program.h"

#include <QDir>
#include <QJsonArray>
#include <QTest>

/// `mpo runs import|export|compare|tag|note|delete|restore|lineage`, as a script uses them.
class TestCliRuns : public QObject
{
    Q_OBJECT

    Program m_program;

    Result run(const QStringList& arguments) const
    {
        return m_program.run(QStringList {QStringLiteral("--project"), QStringLiteral("p.mpo")} + arguments);
    }
    Result run(const char* arguments) const
    {
        return run(QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts));
    }
    QList<QJsonObject> list() const { return run("--json runs list").rows(); }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        QFile::copy(QStringLiteral(MPO_FIXTURES "/runs/trainer_state.json"),
            m_program.path(QStringLiteral("trainer_state.json")));
        const Result result = run({QStringLiteral("--json"), QStringLiteral("runs"), QStringLiteral("import"),
            QStringLiteral(MPO_FIXTURES "/runs/trainer"), QStringLiteral("trainer_state.json"), QStringLiteral("--tag"),
            QStringLiteral("other")});
        QCOMPARE(result.status, 0);
        QCOMPARE(result.rows().size(), 2);
        QVERIFY(result.err.contains("warning: ")); // times are spread
        QCOMPARE(number(result.rows()[0], "metrics"), 4.0);
        QCOMPARE(list().size(), 2);
    }

    void showsWhatWasImported()
    {
        const QJsonObject row = run("--json runs show 1").rows().value(0);
        QCOMPARE(row.value(QLatin1String("stage")).toString(), QStringLiteral("import"));
        QCOMPARE(row.value(QLatin1String("tags")).toArray(), QJsonArray {QStringLiteral("other")});
        QCOMPARE(run("--json runs show 1 --metrics").rows().size(), 30);
    }

    void comparesSettings()
    {
        const QList<QJsonObject> rows = run("--json runs compare 1 2").rows();
        QStringList names;
        for (const QJsonObject& row : rows)
            names << row.value(QLatin1String("setting")).toString();
        QVERIFY(names.contains(QStringLiteral("beta")) && names.contains(QStringLiteral("train_batch_size")));
        QVERIFY(run("runs compare 1 2").out.contains("beta"));
        QVERIFY(run("runs compare 1").isOneSentence() || run("runs compare 1").status == 2);
        QVERIFY(run("runs compare 1 77").err.contains("There is no run 77"));
    }

    void tagsAndNotes()
    {
        QVERIFY(run("runs tag 1 good long").out.contains("other, good, long"));
        QVERIFY(run("runs tag 1 --remove long").out.contains("other, good\n"));
        QVERIFY(run("runs tag 1 --remove long").err.contains("has no tag \"long\""));
        QCOMPARE(
            run({QStringLiteral("runs"), QStringLiteral("note"), QStringLiteral("1"), QStringLiteral("a note of mine")})
                .status,
            0);
        QVERIFY(run("runs show 1").out.contains("a note of mine"));
        QVERIFY(run("runs list").out.contains("other, good"));
    }

    void deletedRunsComeBack()
    {
        QCOMPARE(run("runs delete 2").status, 0);
        QCOMPARE(list().size(), 1);
        QVERIFY(run("runs show 2").err.contains("There is no run 2"));
        QCOMPARE(run("--json runs restore").rows().size(), 1);
        QCOMPARE(run("runs restore 2").status, 0);
        QCOMPARE(list().size(), 2);
        QVERIFY(run("runs restore 2").isOneSentence());
        QVERIFY(run("runs delete 1 99").isOneSentence());
        QCOMPARE(list().size(), 2); // all or none
    }

    void exportsForOthers()
    {
        QCOMPARE(run("runs export 1 --out tb").status, 0);
        QCOMPARE(QDir(m_program.path(QStringLiteral("tb"))).entryList(QDir::Dirs | QDir::NoDotAndDotDot),
            QStringList {QStringLiteral("1-import-trainer")});
        QCOMPARE(run("runs export --format trainer-state --out states").status, 0);
        const Result back = run("--json runs import states");
        QCOMPARE(back.status, 0);
        QCOMPARE(back.rows().size(), 2);
        QCOMPARE(run("runs delete 3 4 --now").status, 0);
        QCOMPARE(run("--json runs restore").rows().size(), 0); // those are gone for good
        QVERIFY(run("runs export 1 --format parquet --out x").status != 0);
    }

    void badFilesAreOneSentence()
    {
        m_program.write(QStringLiteral("events.out.tfevents.9"), QByteArray(200, 'x'));
        m_program.write(QStringLiteral("broken.json"), "{\"log_history\": [");
        for (const char* what : {"runs import events.out.tfevents.9", "runs import broken.json", "runs import nowhere",
                 "runs lineage 55", "runs delete 55", "runs tag 55 x", "runs export 55 --out x"}) {
            const Result result = run(what);
            QCOMPARE(result.status, 1);
            QVERIFY2(result.isOneSentence(), result.err.constData());
        }
        QCOMPARE(list().size(), 2);
    }
};

QTEST_GUILESS_MAIN(TestCliRuns)
#include "tst_cli_runs.moc"
