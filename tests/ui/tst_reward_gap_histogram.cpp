// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/near.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/models/second_scores.h"
#include "ui/models/split_data.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace mpo;

namespace {

std::shared_ptr<const SplitData> dataOf(const std::vector<double>& gaps)
{
    std::vector<PairScore> scores;
    for (const double gap : gaps)
        scores.push_back({gap, 0.0});
    return std::make_shared<const SplitData>("scores", "data", scores);
}

/// Values of a coarse grid, so that ties and gaps on the threshold occur; some are missing.
std::vector<double> randomGaps(int count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0.4, 1.0);
    std::vector<double> gaps;
    for (int i = 0; i < count; ++i)
        gaps.push_back(
            i % 17 == 0 ? std::numeric_limits<double>::quiet_NaN() : std::round(normal(random) * 20.0) / 20.0);
    return gaps;
}

} // namespace

class TestRewardGapHistogram : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void countsAgreeWithTheSplit()
    {
        const std::vector<double> gaps = randomGaps(3000, 1);
        const auto data = dataOf(gaps);
        for (const double threshold : {-5.0, -1.0, -0.5, -0.05, 0.0, 0.05, 0.5, 1.0, 5.0})
            for (const bool absolute : {false, true})
                for (const std::optional<double> c : {std::optional<double>(), std::optional(0.0), std::optional(0.5),
                         std::optional(1.0), std::optional(9.0)}) {
                    SplitRule rule {SplitRule::By::Gap, threshold, absolute, c, ContradictoryAction::Drop};
                    const Split split = splitPairs(gaps, rule);
                    const SplitCounts expected = split.counts(), counts = data->count(threshold, absolute, c);
                    QCOMPARE(counts.easy, expected.easy);
                    QCOMPARE(counts.hard, expected.hard);
                    QCOMPARE(counts.contradictory, expected.contradictory);
                    for (std::int64_t pair = 0; pair < data->total(); pair += 7)
                        QCOMPARE(data->bucketOf(pair, threshold, absolute, c), split.buckets[std::size_t(pair)]);
                }
        for (const bool absolute : {false, true})
            for (const double share : {0.0, 0.1, 0.5, 0.875, 1.0}) {
                const Split split = splitPairs(gaps, {SplitRule::By::EasyShare, share, absolute, {}, {}});
                QCOMPARE(data->thresholdForEasyShare(share, absolute), split.threshold);
            }
    }

    void accuracyBySizeCountsBothSigns()
    {
        // |gap| in [0, 1): 0.5 agrees, -0.5 and -0.2 do not, 0 by half; in [1, 2): 1.0 agrees, -1.0 and -1.5 do not.
        const auto data = dataOf({0.5, -0.5, -0.2, 0.0, 1.0, -1.0, -1.5, 2.0});
        COMPARE_NEAR(data->accuracyForSize(0.0, 1.0), 1.5 / 4.0, 1e-12);
        COMPARE_NEAR(data->accuracyForSize(1.0, 2.0), 1.0 / 3.0, 1e-12);
        COMPARE_NEAR(data->accuracyForSize(2.0, 3.0), 1.0, 1e-12);
        QVERIFY(std::isnan(data->accuracyForSize(3.0, 4.0)));
    }

    void lengthsAndBaseline()
    {
        const auto data = dataOf({-1.0, 0.0, 1.0, 2.0});
        const auto lengths = measureLengths(*data, {-3, 0, 4, 5});
        // Longer wins: right for the third and fourth pair, half for the second.
        COMPARE_NEAR(lengths->baselineAccuracy(), 2.5 / 4.0, 1e-12);
        QCOMPARE(lengths->longerBefore, (std::vector<std::int32_t> {0, 0, 0, 1, 2}));
        // numpy.corrcoef([-1, 0, 1, 2], [-3, 0, 4, 5])[0, 1]
        COMPARE_NEAR(lengths->correlation, 0.9778024141, 1e-9);
        QCOMPARE(countCharacters("a\xC3\xA4\xF0\x9F\x98\x80"), 3);
    }

    void binsHoldEveryPairAndMeetAtZero()
    {
        const std::vector<double> gaps = randomGaps(2000, 2);
        RewardGapHistogram histogram;
        histogram.resize(700, 260);
        histogram.setData(dataOf(gaps));
        std::int64_t sum = 0;
        bool edgeAtZero = false;
        for (const auto& bin : histogram.bins()) {
            std::int64_t expected = 0;
            for (const double gap : gaps)
                expected += gap >= bin.low && gap < bin.high ? 1 : 0;
            // The largest gap may stand on the upper edge of the last bin.
            if (&bin != &histogram.bins().back())
                QCOMPARE(bin.count, expected);
            sum += bin.count;
            edgeAtZero = edgeAtZero || std::abs(bin.low) < 1e-12;
        }
        QCOMPARE(
            sum, std::int64_t(std::count_if(gaps.begin(), gaps.end(), [](double gap) { return !std::isnan(gap); })));
        QVERIFY(edgeAtZero);
    }

    void dragsTheThreshold()
    {
        RewardGapHistogram histogram;
        histogram.resize(700, 260);
        histogram.setData(dataOf(randomGaps(500, 3)));
        histogram.setThreshold(0.0);
        histogram.show();
        connect(&histogram, &RewardGapHistogram::thresholdMoved, &histogram, &RewardGapHistogram::setThreshold);
        QSignalSpy moved(&histogram, &RewardGapHistogram::thresholdMoved);
        QSignalSpy clicked(&histogram, &RewardGapHistogram::clicked);

        const auto at = [&](double gap) { return QPoint(int(std::lround(histogram.xOf(gap))), 120); };
        QTest::mousePress(&histogram, Qt::LeftButton, {}, at(0.0));
        QTest::mouseMove(&histogram, at(0.7));
        QTest::mouseMove(&histogram, at(1.2));
        QTest::mouseRelease(&histogram, Qt::LeftButton, {}, at(1.2));
        QVERIFY(moved.count() >= 2);
        COMPARE_NEAR(histogram.threshold(), 1.2, 2.0 * histogram.resolution());
        QCOMPARE(clicked.count(), 0);

        // Moving without the button does not drag; a press elsewhere is a click on the bar.
        QTest::mouseMove(&histogram, at(-0.5));
        COMPARE_NEAR(histogram.threshold(), 1.2, 2.0 * histogram.resolution());
        QTest::mouseClick(&histogram, Qt::LeftButton, {}, at(-0.5));
        QCOMPARE(clicked.count(), 1);
        COMPARE_NEAR(clicked.first().first().toDouble(), -0.5, 2.0 * histogram.resolution());
    }

    void keysMoveTheHandles()
    {
        RewardGapHistogram histogram;
        histogram.resize(700, 260);
        histogram.setData(dataOf(randomGaps(500, 4)));
        histogram.setThreshold(0.5);
        histogram.setContradictory(1.0);
        connect(&histogram, &RewardGapHistogram::thresholdMoved, &histogram, &RewardGapHistogram::setThreshold);
        double contradictory = 1.0;
        connect(&histogram, &RewardGapHistogram::contradictoryMoved, &histogram, [&](double value) {
            contradictory = value;
            histogram.setContradictory(value);
        });
        QTest::keyClick(&histogram, Qt::Key_Right);
        const double step = histogram.threshold() - 0.5;
        QVERIFY2(step > 0.0 && step < 0.1, qPrintable(QString::number(step)));
        QTest::keyClick(&histogram, Qt::Key_Left);
        COMPARE_NEAR(histogram.threshold(), 0.5, 1e-9);
        QTest::keyClick(&histogram, Qt::Key_Left, Qt::ShiftModifier);
        COMPARE_NEAR(histogram.threshold(), 0.5 - 10.0 * step, 1e-9);
        QCOMPARE(contradictory, 1.0);
        QTest::keyClick(&histogram, Qt::Key_Down); // to the other handle, at -1
        QTest::keyClick(&histogram, Qt::Key_Right);
        COMPARE_NEAR(contradictory, 1.0 - step, 1e-9);
        COMPARE_NEAR(histogram.threshold(), 0.5 - 10.0 * step, 1e-9);
    }

    void drawsWhatHasNoScores()
    {
        RewardGapHistogram histogram;
        histogram.resize(400, 200);
        QVERIFY(!histogram.grab().isNull());
        histogram.setData(dataOf({}));
        QVERIFY(!histogram.grab().isNull());
        QVERIFY(histogram.bins().empty());
        QTest::mouseClick(&histogram, Qt::LeftButton, {}, QPoint(200, 100));
        QTest::keyClick(&histogram, Qt::Key_Right);
        histogram.setData(dataOf({2.5, 2.5, 2.5})); // all equal
        histogram.setLogScale(true);
        QVERIFY(!histogram.grab().isNull());
        std::int64_t sum = 0;
        for (const auto& bin : histogram.bins())
            sum += bin.count;
        QCOMPARE(sum, std::int64_t(3));
        histogram.setData(dataOf({0.0, 0.0}));
        QVERIFY(!histogram.grab().isNull());
    }

    void roundsToTheResolution()
    {
        QCOMPARE(roundedTo(0.3741, 0.005), 0.374);
        QCOMPARE(roundedTo(-1.23456, 0.013), -1.23);
        QCOMPARE(roundedTo(1234.5, 30.0), 1230.0);
        QCOMPARE(roundedTo(7.0, 0.0), 7.0);
    }

    /// With divided bars and a second scoring; and how long it takes until pairs are shown, and until an edit is.
    void millionPairsFitAFrame()
    {
        constexpr int kMillion = 1'000'000;
        std::mt19937 random(5);
        std::normal_distribution<double> normal(0.5, 1.3);
        std::vector<PairScore> scores(kMillion), others(kMillion);
        std::vector<std::int32_t> difference(kMillion);
        for (int i = 0; i < kMillion; ++i) {
            scores[std::size_t(i)] = {normal(random), 0.0};
            others[std::size_t(i)] = {0.6 * scores[std::size_t(i)].chosen + normal(random), 0.0};
            difference[std::size_t(i)] = std::int32_t(100.0 * normal(random)) / 20;
        }
        QElapsedTimer timer;
        timer.start();
        const auto data = std::make_shared<const SplitData>("scores", "data", scores);
        RewardGapHistogram histogram;
        histogram.resize(740, 260);
        histogram.setData(data);
        const qint64 opened = timer.restart();
        const auto lengths = measureLengths(*data, difference);
        histogram.setStrata(strataByLength(*data, *lengths));
        const qint64 divided = timer.restart();
        const SecondScores second(data, "others", others);
        const qint64 compared = timer.restart();
        const auto edited = data->withEdits({1, {17, 400'000}, {999'999}});
        const qint64 mended = timer.elapsed();
        QCOMPARE(edited->index.size(), std::int64_t(kMillion - 1));
        QCOMPARE(edited->gaps[17], -data->gaps[17]);
        qInfo("1,000,000 pairs: opened in %lld ms, bars divided in %lld ms, second scoring in %lld ms, an edit in "
              "%lld ms",
            opened, divided, compared, mended);
        QVERIFY(opened < 1000);

        QPixmap screen(histogram.size());
        const int frames = 200;
        std::int64_t pairs = 0;
        std::vector<double> milliseconds;
        for (int i = 0; i < frames; ++i) {
            const double threshold = -2.0 + 4.0 * i / frames;
            QElapsedTimer frame;
            frame.start();
            histogram.setThreshold(threshold);
            pairs += data->count(threshold, false, 1.0).easy;
            pairs += std::int64_t(data->index.nearest(threshold, 60).size());
            pairs += second.buckets({SplitRule::By::Gap, threshold, false, 1.0, {}}, threshold).changed();
            histogram.render(&screen);
            milliseconds.push_back(double(frame.nsecsElapsed()) / 1e6);
        }
        std::sort(milliseconds.begin(), milliseconds.end());
        const double median = milliseconds[frames / 2], p99 = milliseconds[frames * 99 / 100];
        qInfo("one step of a drag over them: median %.2f ms, p99 %.2f ms (%lld)", median, p99,
            static_cast<long long>(pairs));
        QVERIFY2(median < 16.0, qPrintable(QStringLiteral("%1 ms").arg(median)));
    }
};

QTEST_MAIN(TestRewardGapHistogram)
#include "tst_reward_gap_histogram.moc"
