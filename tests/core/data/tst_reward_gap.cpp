// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/reward_gap.h"
#include "core/support/random.h"
#include "tests/common/near.h"

#include <cmath>

using namespace mpo;

class TestRewardGap : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void confidenceByHand()
    {
        COMPARE_NEAR(confidenceOfGap(1.0), 0.7310585786300049, 1e-12);
        COMPARE_NEAR(confidenceOfGap(-800.0), 0.0, 1e-12);
        COMPARE_NEAR(gapOfConfidence(confidenceOfGap(2.5)), 2.5, 1e-9);
    }

    void everyPairFallsInOneBucketAndTheShareIsKept()
    {
        RandomStream random(3, "gaps");
        std::vector<double> gaps(1001);
        for (double& gap : gaps)
            gap = random.normal();
        std::int64_t before = 1002;
        for (const double threshold : {-HUGE_VAL, -1.0, 0.0, 0.5, 3.0}) {
            const auto counts
                = splitPairs(gaps, {.by = SplitRule::By::Gap, .value = threshold, .contradictory = {}}).counts();
            QCOMPARE(counts.easy + counts.hard, 1001);
            QVERIFY(counts.easy < before);
            before = counts.easy;
        }
        for (const double share : {0.0, 0.25, 0.5, 1.0})
            QCOMPARE(splitPairs(gaps, {.value = share, .contradictory = {}}).counts().easy,
                std::int64_t(std::llround(share * 1001)));
    }

    void contradictoryPairsFollowTheirAction()
    {
        const std::vector<double> gaps {2.0, 0.1, -3.0, std::nan("")};
        SplitRule rule {.by = SplitRule::By::Gap, .value = 1.0, .contradictory = 1.0};
        QCOMPARE(splitPairs(gaps, rule).hardPairs(), (std::vector<std::int64_t> {1, 2, 3}));
        rule.action = ContradictoryAction::Drop;
        QCOMPARE(splitPairs(gaps, rule).hardPairs(), (std::vector<std::int64_t> {1, 3}));
        rule.action = ContradictoryAction::Flip;
        const Split flipped = splitPairs(gaps, rule);
        QCOMPARE(flipped.easyPairs(), (std::vector<std::int64_t> {0, 2}));
        QVERIFY(flipped.flipped(2) && !flipped.flipped(0));
    }

    void indexEqualsCounting()
    {
        RandomStream random(4, "gaps");
        std::vector<double> gaps(500);
        for (double& gap : gaps)
            gap = double(random.below(40)) / 10.0 - 2.0; // many equal values
        const GapIndex index(gaps);
        for (const double threshold : {-3.0, -0.5, 0.0, 0.1, 5.0}) {
            QCOMPARE(index.countAbove(threshold),
                std::count_if(gaps.begin(), gaps.end(), [&](double g) { return g > threshold; }));
            QCOMPARE(index.countBelow(threshold),
                std::count_if(gaps.begin(), gaps.end(), [&](double g) { return g < threshold; }));
        }
        // Some gaps change, some go, some come: as if it were made anew.
        const std::vector<double> before = gaps;
        std::vector<std::int64_t> changed;
        for (std::int64_t pair = 3; pair < 500; pair += 7) {
            changed.push_back(pair);
            gaps[std::size_t(pair)] = pair % 2 ? -gaps[std::size_t(pair)] : std::nan("");
        }
        const GapIndex anew(gaps), updated = index.changed(gaps, changed), back = updated.changed(before, changed);
        QVERIFY(updated.sorted() == anew.sorted() && updated.order() == anew.order());
        QVERIFY(back.sorted() == index.sorted() && back.order() == index.order());
        const auto nearest = index.nearest(0.3, 20);
        QCOMPARE(nearest.size(), std::size_t(20));
        for (std::size_t i = 1; i < nearest.size(); ++i)
            QVERIFY(std::abs(before[std::size_t(nearest[i - 1])] - 0.3)
                <= std::abs(before[std::size_t(nearest[i])] - 0.3) + 1e-12);
    }

    void histogramHoldsAllFiniteValues()
    {
        const std::vector<double> values {0.0, 1.0, 0.5, std::nan(""), 0.25};
        const Histogram bins = histogram(values, 4);
        QCOMPARE(bins.counts, (std::vector<std::int64_t> {1, 1, 1, 1}));
        QCOMPARE(histogram(std::vector<double> {2.0, 2.0}, 3).counts[1], 2);
    }

    /// Signed and absolute rules agree on pairs with a positive gap (and threshold).
    void theAbsoluteRuleDiffersForNegativeGapsOnly()
    {
        RandomStream random(9, "gaps");
        std::vector<double> gaps(400);
        for (double& gap : gaps)
            gap = 2.0 * random.normal();
        const Split plain = splitPairs(gaps, {.by = SplitRule::By::Gap, .value = 1.0, .contradictory = {}});
        const Split absolute
            = splitPairs(gaps, {.by = SplitRule::By::Gap, .value = 1.0, .absolute = true, .contradictory = {}});
        int differing = 0;
        for (std::size_t i = 0; i < gaps.size(); ++i) {
            differing += plain.buckets[i] != absolute.buckets[i] ? 1 : 0;
            QVERIFY((plain.buckets[i] != absolute.buckets[i]) == (gaps[i] < -1.0));
        }
        QVERIFY(differing > 50);
        QCOMPARE(
            splitPairs(gaps, {.value = 0.25, .absolute = true, .contradictory = {}}).counts().easy, std::int64_t(100));
        // A confidence of 0.7310585786300049 is a gap of 1.
        COMPARE_NEAR(
            splitPairs(gaps, {.by = SplitRule::By::Confidence, .value = 0.7310585786300049, .contradictory = {}})
                .threshold,
            1.0, 1e-12);
    }

    void summaryByHand()
    {
        const GapIndex index(std::vector<double> {3.0, -1.0, 0.0, 1.0});
        QCOMPARE(index.accuracy(), 0.625); // two right, one tie
        QCOMPARE(index.median(), 0.5);
        QCOMPARE(index.minimum(), -1.0);
        QCOMPARE(index.maximum(), 3.0);
        QCOMPARE(index.nearest(0.9, 3), (std::vector<std::int64_t> {3, 2, 1}));
        QCOMPARE(index.nearest(0.9, 10).size(), std::size_t(4));
        const GapIndex none(std::vector<double> {});
        QCOMPARE(none.accuracy() + none.median() + none.thresholdForEasyShare(0.5), 0.0);
        QVERIFY(none.nearest(0.0, 5).empty());
    }

    /// Prints the time of 1,000 threshold positions over a million gaps; a frame has 16 ms for one.
    void aMillionGapsAreCounted()
    {
        RandomStream random(1, "gaps");
        std::vector<double> gaps(1000000);
        for (double& gap : gaps)
            gap = random.uniform();
        const GapIndex index(gaps);
        std::int64_t sum = 0;
        QBENCHMARK
        {
            sum = 0;
            for (int i = 0; i < 1000; ++i)
                sum += index.countAbove(i / 1000.0);
        }
        COMPARE_NEAR(double(sum), 500.5 * 1e6, 1e6);
    }

    void histogramsOfTheWidestRange()
    {
        const Histogram bins = histogram(std::vector<double> {-1.7e308, 0.0, 1.7e308}, 2);
        QCOMPARE(bins.counts, (std::vector<std::int64_t> {1, 2}));
    }

    void valuesOutOfRangeAreRefused()
    {
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, splitPairs({}, {.value = 1.5, .contradictory = {}}));
        QVERIFY_THROWS_EXCEPTION(
            std::runtime_error, splitPairs({}, {.by = SplitRule::By::Confidence, .value = 1.0, .contradictory = {}}));
    }
};

QTEST_GUILESS_MAIN(TestRewardGap)
#include "tst_reward_gap.moc"
