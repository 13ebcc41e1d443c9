// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/event_file.h"
#include "core/runs/event_message.h"
#include "core/runs/record_file.h"
#include "core/support/file.h"
#include "core/support/random.h"
#include "tests/common/message_of.h"
#include "tests/common/near.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(MPO_FIXTURES) / "runs";
constexpr double kStart = 1760000000.0;

fs::path fileIn(const char* run) { return kFixtures / run / "events.out.tfevents.1760000000.host.1.0"; }

const MetricSeries* seriesOf(const RunCurves& run, const std::string& name)
{
    for (const MetricSeries& series : run.metrics)
        if (series.name == name)
            return &series;
    return nullptr;
}

RunCurves ourRun()
{
    RunCurves run;
    run.name = "policy";
    run.started = "2026-01-31T12:00:00Z";
    run.settings = Json {{"beta", 0.1}, {"loss", "sigmoid"}};
    run.metrics = {{"loss", {{1, 0.5, 0.6931}, {2, 1.0, std::nan("")}, {4, 2.25, 0.25}}},
        {"eval_loss", {{4, 2.25, 0.5}}}, {"rewards/margins", {{4, 2.25, -1.5}}}};
    run.lastStep = run.totalSteps = 4;
    return run;
}

} // namespace

class TestEventFile : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path folder() const { return m_folder.path().toStdString(); }

private Q_SLOTS:
    void agreesWithTensorBoard_data()
    {
        QTest::addColumn<QString>("run");
        for (const char* run : {"trainer", "tensors", "restarted"})
            QTest::newRow(run) << QString::fromLatin1(run);
    }

    /// expected.json is what tensorboard's EventAccumulator reads in files that tensorboard wrote (make_runs.py).
    void agreesWithTensorBoard()
    {
        QFETCH(QString, run);
        const Json expected = readJsonFile(kFixtures / "expected.json").at(run.toStdString());
        const RunCurves read = readEventFiles({fileIn(qPrintable(run))});
        QCOMPARE(read.metrics.size(), expected.size());
        QVERIFY(read.notes.empty());
        double first = HUGE_VAL;
        for (const auto& [tag, points] : expected.items())
            for (const auto& point : points)
                first = std::min(first, point[1].get<double>());
        QCOMPARE(read.started, timeOfSeconds(kStart + first));
        for (const auto& [tag, points] : expected.items()) {
            const MetricSeries* series = seriesOf(read, metricNameHere(tag));
            QVERIFY2(series, tag.c_str());
            QCOMPARE(series->points.size(), points.size());
            for (std::size_t i = 0; i < points.size(); ++i) {
                QCOMPARE(series->points[i].step, points[i][0].get<std::int64_t>());
                COMPARE_NEAR(series->points[i].seconds, points[i][1].get<double>() - first, 1e-3);
                if (points[i][2].is_null())
                    QVERIFY(!std::isfinite(series->points[i].value));
                else
                    QCOMPARE(series->points[i].value, points[i][2].get<double>());
            }
        }
    }

    void settingsOfTheTrainerAreRead()
    {
        const RunCurves run = readEventFiles({fileIn("trainer")});
        QCOMPARE(run.settings.at("beta").get<double>(), 0.1);
        QCOMPARE(run.settings.at("loss_type").dump(), std::string("[\"sigmoid\"]"));
        QVERIFY(readEventFiles({fileIn("tensors")}).settings.empty());
    }

    void ourFileComesBack()
    {
        const fs::path file = writeEventFile(folder() / "back", ourRun());
        QVERIFY(isEventFile(file));
        const RunCurves back = readEventFiles({file});
        QVERIFY(back.settings == ourRun().settings);
        QCOMPARE(back.started, std::string("2026-01-31T12:00:00Z"));
        QCOMPARE(back.metrics.size(), std::size_t(3));
        const MetricSeries* loss = seriesOf(back, "loss");
        QVERIFY(loss && loss->points.size() == 3);
        QCOMPARE(loss->points[0].value, double(0.6931F));
        QVERIFY(std::isnan(loss->points[1].value));
        QCOMPARE(loss->points[2].seconds, 2.25 - 0.5); // times count from the first event with a value
        QVERIFY(seriesOf(back, "eval_loss") && seriesOf(back, "rewards/margins"));
    }

    /// MPO_TENSORBOARD_PYTHON: a Python with tensorboard (make_runs.py says how).
    void tensorBoardReadsOurFile()
    {
        const QString python = qEnvironmentVariable("MPO_TENSORBOARD_PYTHON");
        if (python.isEmpty())
            QSKIP("MPO_TENSORBOARD_PYTHON is not set");
        const fs::path out = folder() / "export";
        writeEventFile(out, ourRun());
        QProcess process;
        process.start(python,
            {QString::fromStdString((kFixtures / "read_back.py").string()), QStringLiteral("events"),
                QString::fromStdString(out.string())});
        QVERIFY(process.waitForFinished(120'000));
        QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
        const Json read = parseJson(process.readAllStandardOutput().toStdString(), "read_back.py");
        const double start = double(secondsOfTime("2026-01-31T12:00:00Z"));
        QCOMPARE(read.at("scalars").size(), std::size_t(3));
        const Json& loss = read.at("scalars").at("train/loss");
        QCOMPARE(loss.size(), std::size_t(3));
        QCOMPARE(loss[0][0].get<int>(), 1);
        QCOMPARE(loss[0][1].get<double>(), start + 0.5);
        QCOMPARE(loss[0][2].get<double>(), double(0.6931F));
        QVERIFY(loss[1][2].is_null()); // NaN
        QCOMPARE(loss[2][2].get<double>(), 0.25);
        QCOMPARE(read.at("scalars").at("eval/loss")[0][2].get<double>(), 0.5);
        QCOMPARE(read.at("scalars").at("train/rewards/margins")[0][2].get<double>(), -1.5);
        const Json settings = parseJson(read.at("texts").at("args/text_summary").get<std::string>(), "settings");
        QVERIFY(settings == ourRun().settings);
    }

    void everyCutGivesWhatStandsBeforeIt()
    {
        const std::string whole = readTextFile(fileIn("trainer"));
        const fs::path file = folder() / "cut.tfevents";
        for (std::size_t length = 0; length < whole.size(); length += 7) {
            std::ofstream(file, std::ios::binary) << whole.substr(0, length);
            try {
                const RunCurves run = readEventFiles({file});
                QVERIFY(run.lastStep <= 30 && !run.metrics.empty());
            } catch (const Error& error) {
                QVERIFY2(std::string(error.what()).starts_with(file.string()), error.what());
            }
        }
        std::ofstream(file, std::ios::binary) << whole.substr(0, whole.size() / 2);
        const RunCurves half = readEventFiles({file});
        QVERIFY(half.lastStep > 5 && half.lastStep < 25);
        QCOMPARE(half.notes.size(), std::size_t(1));
        QVERIFY(half.notes.front().find("ends inside a record") != std::string::npos);
    }

    /// Flipped bytes below the checksums too: the parser of the messages gets what it would never see in a damaged
    /// file.
    void flippedBytesEndInASentence()
    {
        const fs::path file = folder() / "flipped.tfevents";
        RandomStream random(1, "flipped bytes");
        const auto below = [&](std::size_t bound) { return std::size_t(random.below(std::int64_t(bound))); };
        int read = 0, refused = 0;
        for (const char* name : {"trainer", "tensors"}) {
            std::vector<std::string> records;
            RecordReader reader(fileIn(name));
            for (std::string data; reader.next(data);)
                records.push_back(data);
            for (int round = 0; round < 3000; ++round) {
                std::string damaged = records[below(records.size())];
                for (int flips = 0; flips < 1 + round % 3; ++flips)
                    damaged[below(damaged.size())] = char(below(256));
                damaged.resize(damaged.size() - below(std::min<std::size_t>(damaged.size(), 4)));
                try {
                    parseEvent(damaged);
                    ++read;
                } catch (const Error& error) {
                    QVERIFY(std::string(error.what()).find("event") != std::string::npos);
                    ++refused;
                }
            }
            const std::string whole = readTextFile(fileIn(name));
            for (int round = 0; round < 200; ++round) {
                std::string damaged = whole;
                char& byte = damaged[below(damaged.size())];
                byte = char(byte ^ char(1 + below(255)));
                std::ofstream(file, std::ios::binary) << damaged;
                try {
                    QVERIFY(!readEventFiles({file}).notes.empty());
                } catch (const Error& error) {
                    QVERIFY2(std::string(error.what()).starts_with(file.string()), error.what());
                }
            }
        }
        QVERIFY(read > 100 && refused > 100); // both happen
    }

    void otherFilesAreRefused()
    {
        const fs::path text = folder() / "text.tfevents";
        std::ofstream(text) << "This is a text and no event file at all.";
        QVERIFY(
            messageOf([&] { readEventFiles({text}); }).find("it is no event file of TensorBoard") != std::string::npos);
        std::ofstream(text, std::ios::trunc).close();
        QVERIFY(messageOf([&] { readEventFiles({text}); }).find("no scalars in it") != std::string::npos);
        const std::string nowhere = messageOf([&] { writeEventFile("/proc/nowhere", ourRun()); });
        QVERIFY2(nowhere.find("/proc/nowhere") != std::string::npos, nowhere.c_str());
    }
};

QTEST_GUILESS_MAIN(TestEventFile)
#include "tst_event_file.moc"
