// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/program.h"

#include <QTest>
#include <QXmlStreamReader>

/// `mpo report`, and that what it says is enough to do it all again.
class TestCliReport : public QObject
{
    Q_OBJECT

    Program m_program;

    Result run(const char* arguments) const
    {
        return m_program.run(QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts));
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        tiny_model::write(m_program.path(QStringLiteral("tiny")));
        QByteArray pairs;
        for (int i = 0; i < 12; ++i)
            pairs
                += QStringLiteral("{\"prompt_ids\": [%1, %2], \"chosen_ids\": [%3, 10], \"rejected_ids\": [%4, 10]}\n")
                       .arg(i % 5)
                       .arg(i % 7)
                       .arg(2 + i % 3)
                       .arg(6 + i % 4)
                       .toUtf8();
        m_program.write(QStringLiteral("my pairs.jsonl"), pairs);
        QCOMPARE(m_program
                     .run({QStringLiteral("--project"), QStringLiteral("p.mpo"), QStringLiteral("data"),
                         QStringLiteral("import"), QStringLiteral("my pairs.jsonl"), QStringLiteral("--name"),
                         QStringLiteral("pairs")})
                     .status,
            0);
        for (const char* line : {"model import tiny --name base",
                 "train reward --model base --data pairs --out rm --set max_steps=3 --set learning_rate=0.01",
                 "score --data pairs --folds 2 --base base --name scores --set max_steps=2",
                 "split --data pairs --scores scores --easy-share 0.5 --name halves",
                 "train dpo --model base --data pairs --split halves --out tuned --set max_steps=4 --set beta=0.3 "
                 "--set learning_rate=0.01"}) {
            const Result result = run((QByteArray("--quiet --project p.mpo ") + line).constData());
            QVERIFY2(result.status == 0, result.err.constData());
        }
    }

    void whatItSaysIsEnoughToRepeatIt()
    {
        const Result written = run("--json --project p.mpo report --out r.html");
        QVERIFY2(written.status == 0, written.err.constData());
        QCOMPARE(written.rows().value(0).value(QLatin1String("file")).toString(), QStringLiteral("r.html"));
        QXmlStreamReader reader(m_program.content("r.html"));
        while (!reader.atEnd() && reader.name() != QLatin1String("pre"))
            reader.readNext();
        const QStringList lines = reader.readElementText().split(QLatin1Char('\n'));
        QVERIFY2(lines.size() >= 5, qPrintable(lines.join(QLatin1Char('\n'))));
        // What the page cannot know is where another person keeps the model: it says its digest.
        QCOMPARE(run("--quiet --project again.mpo model import tiny --name base").status, 0);
        for (const QString& line : lines) {
            if (line.startsWith(QLatin1Char('#')))
                continue;
            QVERIFY2(line.startsWith(QLatin1String("mpo ")), qPrintable(line));
            QProcess shell;
            m_program.start(shell,
                {QStringLiteral("-c"), QStringLiteral("'" MPO_BIN "/mpo' --quiet --project again.mpo ") + line.mid(4)},
                {}, QStringLiteral("/bin/sh"));
            QVERIFY(shell.waitForFinished(60000));
            QVERIFY2(shell.exitCode() == 0, (line.toUtf8() + "\n" + shell.readAllStandardError()).constData());
        }
        const QByteArray weights = m_program.content("p.mpo/models/tuned/model.safetensors");
        QVERIFY(!weights.isEmpty());
        QVERIFY(weights != m_program.content("p.mpo/models/base/model.safetensors"));
        QCOMPARE(m_program.content("again.mpo/models/tuned/model.safetensors"), weights);
    }

    void goesIntoTheProjectByDefault()
    {
        const Result written = run("--project p.mpo report --run 1");
        QCOMPARE(written.status, 0);
        QVERIFY(written.out.trimmed().endsWith("p.mpo/report/project.html"));
        QVERIFY(m_program.content("p.mpo/report/project.html").contains("reward makes rm"));
        QVERIFY(!m_program.content("p.mpo/report/project.html").contains("dpo makes tuned"));
        const Result missing = run("--project p.mpo report --run 99");
        QVERIFY2(missing.status == 1 && missing.isOneSentence(), missing.err.constData());
        QCOMPARE(run("--project p.mpo report --run x").status, 2);
    }
};

QTEST_GUILESS_MAIN(TestCliReport)
#include "tst_cli_report.moc"
