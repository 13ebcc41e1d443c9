// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/trainer_state.h"
#include "core/support/file.h"
#include "tests/common/message_of.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestTrainerState : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    const fs::path m_golden = fs::path(MPO_FIXTURES) / "runs" / "trainer_state.json";

    fs::path write(const std::string& content) const
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / "trainer_state.json";
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }
    static const MetricSeries* seriesOf(const RunCurves& run, const std::string& name)
    {
        for (const MetricSeries& series : run.metrics)
            if (series.name == name)
                return &series;
        return nullptr;
    }

private Q_SLOTS:
    /// Written by transformers (make_runs.py), with Python's NaN in it.
    void readsWhatTransformersWrites()
    {
        const RunCurves run = readTrainerState(m_golden);
        QCOMPARE(run.lastStep, std::int64_t(20));
        QCOMPARE(run.totalSteps, std::int64_t(20));
        const MetricSeries* loss = seriesOf(run, "loss");
        QVERIFY(loss && loss->points.size() == 2);
        QCOMPARE(loss->points[0].step, std::int64_t(10));
        QCOMPARE(loss->points[0].value, 0.6931);
        QCOMPARE(loss->points[0].seconds, 42.0); // half of train_runtime
        QVERIFY(std::isnan(seriesOf(run, "grad_norm")->points[1].value));
        QCOMPARE(seriesOf(run, "eval_loss")->points.front().value, 0.65);
        QCOMPARE(seriesOf(run, "rewards/chosen")->points[1].value, 0.125);
        QVERIFY(!seriesOf(run, "step"));
        QCOMPARE(run.settings.at("train_batch_size").get<int>(), 2);
        QCOMPARE(run.notes.size(), std::size_t(1)); // that the times are made up
    }

    void ourFileComesBack()
    {
        RunCurves run;
        run.metrics = {{"loss", {{1, 0.5, 0.7}, {2, 1.0, std::nan("")}}}, {"epoch", {{1, 0.5, 0.5}, {2, 1.0, 1.0}}},
            {"eval_loss", {{2, 1.5, 0.6}}}};
        run.settings = Json {{"batch_size", 4}, {"epochs", 1.0}};
        run.lastStep = 2;
        run.totalSteps = 10;
        const fs::path file = fs::path(m_folder.path().toStdString()) / "ours" / "trainer_state.json";
        writeTrainerState(file, run);
        const Json history = readJsonFile(file).at("log_history");
        QCOMPARE(history.size(), std::size_t(3)); // the evaluation stands alone, with the epoch
        QCOMPARE(history[2].dump(), std::string(R"({"eval_loss":0.6,"epoch":1.0,"step":2})"));
        const RunCurves back = readTrainerState(file);
        QCOMPARE(back.totalSteps, std::int64_t(10));
        QVERIFY(std::isnan(seriesOf(back, "loss")->points[1].value));
        QCOMPARE(seriesOf(back, "epoch")->points.size(), std::size_t(2));

        const QString python = qEnvironmentVariable("MPO_TENSORBOARD_PYTHON");
        if (python.isEmpty())
            QSKIP("MPO_TENSORBOARD_PYTHON is not set: transformers was not asked");
        QProcess process;
        process.start(python,
            {QString::fromStdString((m_golden.parent_path() / "read_back.py").string()), QStringLiteral("state"),
                QString::fromStdString(file.string())});
        QVERIFY(process.waitForFinished(120'000));
        QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
        const Json read = parseJson(process.readAllStandardOutput().toStdString(), "read_back.py");
        QCOMPARE(read.at("global_step").get<int>(), 2);
        QCOMPARE(read.at("max_steps").get<int>(), 10);
        QVERIFY(read.at("log_history") == history);
    }

    void badFilesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("sentence");
        QTest::newRow("no JSON") << QByteArray("NaN NaN") << QByteArray("trainer_state.json:1:");
        QTest::newRow("empty") << QByteArray() << QByteArray("trainer_state.json:1:");
        QTest::newRow("a list") << QByteArray("[1]") << QByteArray("no list \"log_history\"");
        QTest::newRow("another type") << QByteArray(R"({"log_history": 3})") << QByteArray("no list \"log_history\"");
        QTest::newRow("nothing logged") << QByteArray(R"({"log_history": []})") << QByteArray("holds no numbers");
        QTest::newRow("no steps") << QByteArray(R"({"log_history": [{"loss": 1}, 5, null, "x"]})")
                                  << QByteArray("holds no numbers");
        QTest::newRow("negative step") << QByteArray(R"({"log_history": [{"loss": 1, "step": -1}]})")
                                       << QByteArray("holds no numbers");
        QTest::newRow("huge step") << QByteArray(R"({"log_history": [{"loss": 1, "step": 1e300}]})")
                                   << QByteArray("holds no numbers");
        QTest::newRow("deep") << QByteArray(2000, '[') << QByteArray("trainer_state.json:1:");
    }

    void badFilesAreRefused()
    {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, sentence);
        const fs::path file = write(content.toStdString());
        const std::string said = messageOf([&] { readTrainerState(file); });
        QVERIFY2(QByteArray::fromStdString(said).contains(sentence), said.c_str());
        QVERIFY(QByteArray::fromStdString(said).count('\n') == 0);
    }

    void everyCutAndFlipIsReadOrRefused()
    {
        const std::string whole = readTextFile(m_golden);
        int refused = 0;
        for (std::size_t at = 0; at < whole.size(); ++at) {
            std::string flipped = whole;
            flipped[at] = char(flipped[at] ^ (1 << (at % 8)));
            for (const std::string& content : {whole.substr(0, at), flipped}) {
                const fs::path file = write(content);
                try {
                    readTrainerState(file);
                } catch (const Error& error) {
                    QVERIFY2(std::string(error.what()).starts_with(file.string()), error.what());
                    ++refused;
                }
            }
        }
        QVERIFY(refused > int(whole.size()));
    }
};

QTEST_GUILESS_MAIN(TestTrainerState)
#include "tst_trainer_state.moc"
