// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_alarm.h"
#include "ui/charts/metric_chart.h"
#include "ui/charts/metric_grid.h"

#include "tests/common/near.h"
#include "ui/charts/custom_plot.h"
#include "ui/style.h"

#include <QFile>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include <cmath>
#include <limits>

using namespace mpo;

namespace {

std::vector<MetricPoint> pointsOf(std::initializer_list<double> values, std::int64_t firstStep = 1)
{
    std::vector<MetricPoint> points;
    for (const double value : values)
        points.push_back({firstStep + std::int64_t(points.size()), 0.5 * double(points.size()), value});
    return points;
}

/// Darkest pixels of a column of a picture of the plot, as "is something drawn at this height".
bool drawnAt(const QImage& picture, int x, int y)
{
    const QRgb here = picture.pixel(x, y);
    return qGray(here) < 235;
}

} // namespace

class TestMetricChart : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void smoothsWithoutBias()
    {
        // Debiased moving average with weight 0.6, by hand: 1; (0.6*0.4*1 + 0.4*2) / 0.64; ...
        MetricChart chart("loss");
        chart.setCurve(1, QStringLiteral("run"), 0, pointsOf({1.0, 2.0}));
        chart.append(1, pointsOf({4.0}, 3));
        const std::vector<double> smooth = chart.smoothed(1);
        QCOMPARE(smooth.size(), std::size_t(3));
        COMPARE_NEAR(smooth[0], 1.0, 1e-12);
        COMPARE_NEAR(smooth[1], (0.24 + 0.8) / 0.64, 1e-12);
        COMPARE_NEAR(smooth[2], (0.6 * (0.24 + 0.8) + 1.6) / (0.6 * 0.64 + 0.4), 1e-12);
        chart.setSmoothing(0.0);
        COMPARE_NEAR(chart.smoothed(1)[2], 4.0, 1e-12);
    }

    void resumedRunReplacesItsTail()
    {
        MetricChart chart("loss");
        chart.setCurve(1, {}, 0, pointsOf({5.0, 4.0, 3.0, 2.0}));
        chart.append(1, pointsOf({30.0, 20.0}, 3));
        const auto points = chart.points(1);
        QCOMPARE(points.size(), std::size_t(4));
        QCOMPARE(points[2].value, 30.0);
        QCOMPARE(points[3].step, std::int64_t(4));
    }

    void showsAllOfTheRange()
    {
        MetricChart chart("loss");
        chart.resize(400, 200);
        chart.setCurve(1, {}, 0, pointsOf({1.0, -3.0, 7.0}));
        chart.replotNow();
        QVERIFY(chart.plot()->yAxis->range().lower < -3.0);
        QVERIFY(chart.plot()->yAxis->range().upper > 7.0);
        QCOMPARE(chart.plot()->xAxis->range().lower, 1.0);
        QCOMPARE(chart.plot()->xAxis->range().upper, 3.0);
        chart.setXAxis(MetricChart::XAxis::Time);
        chart.replotNow();
        QCOMPARE(chart.plot()->xAxis->range().upper, 1.0);
        chart.setLogY(true);
        chart.replotNow();
        QVERIFY(chart.plot()->yAxis->range().lower > 0.0); // what is not above 0 is left out
        QVERIFY(chart.plot()->yAxis->range().upper > 7.0);
    }

    void losesNoSpike()
    {
        // 50,000 points on some 350 pixels, one of them high: it must reach the top of the picture.
        std::vector<MetricPoint> points;
        for (std::int64_t step = 0; step < 50'000; ++step)
            points.push_back({step, double(step), step == 31'234 ? 100.0 : 1.0});
        MetricChart chart("grad_norm");
        chart.resize(420, 220);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        chart.setSmoothing(0.0); // the raw line in full colour
        chart.setCurve(1, {}, 0, points);
        chart.replotNow();
        chart.plot()->replot(QCustomPlot::rpImmediateRefresh);
        const QImage picture = chart.plot()->grab().toImage();
        const double ratio = picture.devicePixelRatio();
        const int x = int(chart.plot()->xAxis->coordToPixel(31'234) * ratio);
        const int y = int(chart.plot()->yAxis->coordToPixel(80.0) * ratio);
        bool found = false;
        for (int dx = -2; dx <= 2; ++dx)
            found = found || drawnAt(picture, x + dx, y);
        QVERIFY(found);
        bool elsewhere = false;
        for (int dx = 20; dx <= 60; ++dx)
            elsewhere = elsewhere || drawnAt(picture, x - dx, y);
        QVERIFY(!elsewhere);
    }

    void marksWhatIsNotANumber()
    {
        MetricChart chart("loss");
        chart.setCurve(1, {}, 0, pointsOf({1.0, std::numeric_limits<double>::quiet_NaN(), 2.0}));
        chart.replotNow();
        QVERIFY(chart.plot()->graph(2)->dataCount() == 1);
        COMPARE_NEAR(chart.smoothed(1)[2], (0.24 * 1.0 + 0.4 * 2.0) / 0.64, 1e-12);
        QVERIFY(chart.warning().isEmpty()); // a number has come after it
        chart.append(1, pointsOf({std::numeric_limits<double>::quiet_NaN()}, 4));
        QVERIFY(chart.warning().contains(QStringLiteral("not a number")));
    }

    /// A chart is marked while an alarm of the run holds on its metric, whatever its value is: the engine knows the
    /// run's settings.
    void alarmsOfTheRun()
    {
        MetricGrid grid;
        grid.setRuns({{1, QStringLiteral("a"),
            {{"objective/kl", pointsOf({500.0})}, {"loss", pointsOf({1.0})}, {"grad_norm", pointsOf({1.0})},
                {"response/eos_share", pointsOf({0.1})}}}});
        const auto warned = [&](const char* metric) { return grid.chart(metric)->warning(); };
        grid.setAlarms(1, {});
        QVERIFY(warned("objective/kl").isEmpty());
        grid.setAlarms(1,
            {{1, "alarm_kl", 500.0, 450.0, "too far"}, {1, "alarm_grad_norm of grad_norm", 9.0, 3.0, "a spike"},
                {1, "alarm_eos_share", 0.1, 0.2, "endless", 3}});
        QCOMPARE(warned("objective/kl"), QStringLiteral("too far"));
        QCOMPARE(warned("grad_norm"), QStringLiteral("a spike"));
        QVERIFY(warned("loss").isEmpty());
        QVERIFY(warned("response/eos_share").isEmpty()); // has ended
        grid.setAlarms(1, {{1, "alarm_kl", 500.0, 450.0, "too far", 2}});
        QVERIFY(warned("objective/kl").isEmpty() && warned("grad_norm").isEmpty());
        QCOMPARE(metricAlarm("val/ratio", {{1, "alarm_ratio", 0.3, 1.5, "drastic"}}), QStringLiteral("drastic"));
    }

    void savesPicturesAndNumbers()
    {
        const QTemporaryDir folder;
        MetricChart chart("loss");
        chart.resize(300, 200);
        chart.setCurve(4, {}, 0, pointsOf({1.5, 2.5}));
        QVERIFY(chart.savePng(folder.filePath(QStringLiteral("a.png"))));
        QVERIFY(chart.saveSvg(folder.filePath(QStringLiteral("a.svg"))));
        QVERIFY(chart.saveCsv(folder.filePath(QStringLiteral("a.csv"))));
        QVERIFY(!QImage(folder.filePath(QStringLiteral("a.png"))).isNull());
        QFile csv(folder.filePath(QStringLiteral("a.csv")));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QCOMPARE(csv.readLine(), QByteArray("run,step,seconds,loss,smoothed\n"));
        QCOMPARE(csv.readLine(), QByteArray("4,1,0,1.5,1.5\n"));
    }

    void runsAlongStepsTimeAndClock()
    {
        MetricChart chart("loss");
        chart.resize(400, 200);
        chart.setCurve(1, QStringLiteral("a"), 0, pointsOf({4.0, 3.0, 2.0, 1.0}, 0)); // steps 0 to 3, 0 to 1.5 s
        chart.setBegan(1, 1.8e9);
        const auto range = [&](MetricChart::XAxis axis) {
            chart.setXAxis(axis);
            chart.replotNow();
            return chart.plot()->xAxis->range();
        };
        QCOMPARE(range(MetricChart::XAxis::Step), QCPRange(0.0, 3.0));
        QCOMPARE(range(MetricChart::XAxis::Time), QCPRange(0.0, 1.5));
        QCOMPARE(range(MetricChart::XAxis::Clock), QCPRange(1.8e9, 1.8e9 + 1.5));
        // Step 0 has no place on a log axis; the average goes over it all the same.
        QCOMPARE(range(MetricChart::XAxis::LogStep), QCPRange(1.0, 3.0));
        QCOMPARE(chart.plot()->xAxis->scaleType(), QCPAxis::stLogarithmic);
        QCOMPARE(chart.plot()->graph(0)->data()->size(), 3);
        QCOMPARE(chart.smoothed(1).size(), std::size_t(4));
        QCOMPARE(range(MetricChart::XAxis::Step), QCPRange(0.0, 3.0));
        QCOMPARE(chart.plot()->xAxis->scaleType(), QCPAxis::stLinear);
        QCOMPARE(chart.plot()->graph(0)->data()->size(), 4);
    }

    void keysZoomAndReadValues()
    {
        MetricGrid grid;
        grid.resize(800, 600);
        grid.setRuns({{1, QStringLiteral("a"), {{"loss", pointsOf({4.0, 3.0, 2.0, 1.0})}}}});
        grid.show();
        QVERIFY(QTest::qWaitForWindowActive(&grid));
        MetricChart* chart = grid.chart("loss");
        chart->replotNow();
        chart->setFocus(Qt::TabFocusReason);
        const auto note = [&] {
            QString all;
            for (const QLabel* label : chart->findChildren<QLabel*>())
                all += label->text();
            return all;
        };
        QTest::keyClick(chart, Qt::Key_Right); // the last point
        QVERIFY2(note().contains(QStringLiteral("4: ")), qPrintable(note()));
        QTest::keyClick(chart, Qt::Key_Left);
        QVERIFY2(note().contains(QStringLiteral("3: ")), qPrintable(note()));
        QTest::keyClick(chart, Qt::Key_Left, Qt::ShiftModifier);
        QVERIFY2(note().contains(QStringLiteral("1: ")), qPrintable(note()));

        QVERIFY(!chart->zoom() && grid.zooms().isEmpty());
        QTest::keyClick(chart, Qt::Key_Plus);
        QVERIFY(chart->zoom());
        COMPARE_NEAR(chart->zoom()->width(), 0.8 * 3.0, 1e-9);
        const QJsonObject zooms = grid.zooms();
        QTest::keyClick(chart, Qt::Key_0);
        QVERIFY(!chart->zoom());
        chart->replotNow();
        QCOMPARE(chart->plot()->xAxis->range(), QCPRange(1.0, 4.0));
        grid.setZooms(zooms);
        chart->replotNow();
        COMPARE_NEAR(chart->plot()->xAxis->range().size(), 0.8 * 3.0, 1e-9);
    }

    void gridGroupsMetrics()
    {
        MetricGrid grid;
        grid.resize(800, 600);
        grid.setRuns({{1, QStringLiteral("a"), {{"loss", pointsOf({1.0})}, {"rewards/chosen", pointsOf({0.1})}}},
            {2, QStringLiteral("b"), {{"loss", pointsOf({2.0})}}}});
        QCOMPARE(grid.chartCount(), 2);
        QCOMPARE(grid.chart("loss")->points(2).size(), std::size_t(1));
        MetricsLogged event;
        event.run = 2;
        event.step = 2;
        event.metrics = {{"loss", 1.5}, {"val/ratio", 1.0}};
        MetricsLogged other = event;
        other.run = 99; // not shown here
        grid.append({event, other});
        QCOMPARE(grid.chartCount(), 3);
        QCOMPARE(grid.chart("loss")->points(2).size(), std::size_t(2));
        QVERIFY(!grid.chart("loss")->hasCurve(99));
        grid.setRuns({{2, QStringLiteral("b"), {{"loss", pointsOf({2.0})}}}});
        QCOMPARE(grid.chartCount(), 1);
        QVERIFY(!grid.chart("loss")->hasCurve(1));
    }

    /// A line for each stratum of reward gap in one chart; they come one after the other while a run goes on.
    void partsShareAChart()
    {
        MetricGrid grid;
        grid.resize(800, 600);
        grid.setRuns({{1, QStringLiteral("a"), {{"loss", pointsOf({1.0})}, {"loss[gap 0.5..2]", pointsOf({0.2}, 8)}}}});
        QCOMPARE(grid.chartCount(), 2);
        const auto event = [](std::int64_t step, const char* name, double value) {
            MetricsLogged logged;
            logged.run = 1;
            logged.step = step;
            logged.metrics = {{name, value}};
            return logged;
        };
        grid.append({event(9, "loss[gap -10..-0.2]", 0.9), event(10, "loss[gap 0.5..2]", 0.1)});
        grid.append({event(11, "loss[gap -0.1..0.4]", 0.6)});
        QCOMPARE(grid.chartCount(), 2);
        MetricChart* chart = grid.chart("loss[]");
        QVERIFY(chart);
        QCOMPARE(chart->points(1, "gap 0.5..2").size(), std::size_t(2));
        QCOMPARE(chart->points(1, "gap -10..-0.2").size(), std::size_t(1));
        QVERIFY(!chart->hasCurve(1));
        // By rising gap from the colour of hard to that of easy pairs, whatever came first.
        const auto colourOf = [&](int line) { return chart->plot()->graph(3 * line + 1)->pen().color(); };
        QCOMPARE(colourOf(0), colours().easy);
        QCOMPARE(colourOf(1), colours().hard);
        QVERIFY(colourOf(2) != colours().hard && colourOf(2) != colours().easy);
        QStringList legends;
        for (const QLabel* label : grid.findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("gap ")))
                legends << label->text();
        QCOMPARE(legends.size(), qsizetype(1));
        QVERIFY(legends[0].indexOf(QStringLiteral("-10 to -0.2")) < legends[0].indexOf(QStringLiteral("0.5 to 2")));
        const QTemporaryDir folder;
        QVERIFY(chart->saveCsv(folder.filePath(QStringLiteral("a.csv"))));
        QFile csv(folder.filePath(QStringLiteral("a.csv")));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QCOMPARE(csv.readLine(), QByteArray("run,part,step,seconds,loss,smoothed\n"));
        QVERIFY(csv.readLine().startsWith("1,gap -0.1..0.4,11,"));
        grid.setRuns({{2, QStringLiteral("b"), {{"loss", pointsOf({2.0})}}}});
        QCOMPARE(grid.chartCount(), 1);
    }

    void wheelIsLeftToThePage()
    {
        MetricChart chart("loss");
        auto* plot = chart.findChild<QCustomPlot*>();
        QWheelEvent wheel({10, 10}, {10, 10}, {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(plot, &wheel);
        QVERIFY(!wheel.isAccepted());
        QVERIFY(!plot->testAttribute(Qt::WA_NoMousePropagation));
    }
};

QTEST_MAIN(TestMetricChart)
#include "tst_metric_chart.moc"
