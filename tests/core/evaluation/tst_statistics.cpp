// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <cmath>

using namespace mpo;

/// Numbers called "scipy" come from scipy 1.17.1 (stats.binomtest, stats.norm).
class TestStatistics : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void wilsonEqualsScipy()
    {
        const Interval usual = wilsonInterval(0.6, 100), narrow = wilsonInterval(3.0 / 7.0, 7, zOfLevel(0.9));
        COMPARE_NEAR(usual.low, 0.5020025867910618, 1e-12);
        COMPARE_NEAR(usual.high, 0.6905987135675411, 1e-12);
        COMPARE_NEAR(narrow.low, 0.18644319036395607, 1e-12);
        COMPARE_NEAR(narrow.high, 0.7105229089864071, 1e-12);
        const Interval none = wilsonInterval(0.0, 12), wide = wilsonInterval(155.0 / 200.0, 200, zOfLevel(0.99));
        COMPARE_NEAR(none.low, 0.0, 1e-15);
        COMPARE_NEAR(none.high, 0.24249400665524085, 1e-12);
        COMPARE_NEAR(wide.low, 0.6908239176574961, 1e-12);
        COMPARE_NEAR(wide.high, 0.8415159814080154, 1e-12);
    }

    /// The table of the usual half-widths at p = 1/2.
    void wilsonHalfWidths()
    {
        for (const auto& [n, points] : {std::pair {50, 13.4}, {100, 9.6}, {200, 6.9}, {500, 4.4}, {1000, 3.1}})
            COMPARE_NEAR(100.0 * (wilsonInterval(0.5, n).high - 0.5), points, 0.05);
        COMPARE_NEAR(wilsonInterval(0.5, 0).low, 0.0, 0.0);
        COMPARE_NEAR(wilsonInterval(0.5, 0).high, 1.0, 0.0);
    }

    void signTestEqualsScipy()
    {
        COMPARE_NEAR(signTest({9, 100, 1}), 0.021484375, 1e-12);
        COMPARE_NEAR(signTest({5, 0, 15}), 0.04138946533203125, 1e-12);
        COMPARE_NEAR(signTest({61, 0, 39}), 0.035200200217704855, 1e-12);
        COMPARE_NEAR(signTest({540, 0, 460}), 0.012444146277171799, 1e-11);
        COMPARE_NEAR(signTest({5200, 0, 4800}), 6.593515598672343e-05, 1e-12);
        COMPARE_NEAR(signTest({7, 3, 7}), 1.0, 0.0);
        COMPARE_NEAR(signTest({0, 5, 0}), 1.0, 0.0);
        COMPARE_NEAR(signTest({3, 0, 0}), 0.25, 1e-12);
    }

    void signTestTurnsAtThePublishedCounts()
    {
        for (const auto& [n, wins] : {std::pair {20, 15}, {50, 33}, {100, 61}, {200, 115}, {500, 273}}) {
            QVERIFY(signTest({wins, 7, n - wins}) < 0.05);
            QVERIFY(signTest({wins - 1, 0, n - wins + 1}) > 0.05);
        }
    }

    void requiredPromptsAreTheKnownOnes()
    {
        for (const auto& [rate, prompts] :
            {std::pair {0.52, 4904}, {0.53, 2178}, {0.55, 783}, {0.57, 399}, {0.60, 194}, {0.65, 85}, {0.70, 47}}) {
            QCOMPARE(requiredPrompts(rate), std::int64_t(prompts));
            QVERIFY(std::abs(requiredPrompts(1.0 - rate) - prompts) <= 1); // rounding of 1 - rate
        }
        QCOMPARE(requiredPrompts(0.55, 0.9), std::int64_t(1047)); // scipy's quantiles in the same formula
        QCOMPARE(requiredPrompts(0.60, 0.9), std::int64_t(259));
        QCOMPARE(requiredPrompts(0.5), std::int64_t(0));
    }

    void quantilesEqualScipy()
    {
        for (const auto& [probability, z] : {std::pair {1e-300, -37.0470962993612}, {1e-12, -7.034483825301131},
                 {0.001, -3.090232306167813}, {0.3, -0.5244005127080409}, {0.5, 0.0}, {0.8, 0.8416212335729143},
                 {0.975, 1.959963984540054}, {1.0 - 1e-9, 5.997807019601637}})
            COMPARE_NEAR(normalQuantile(probability), z, 1e-12 * std::max(1.0, std::abs(z)));
        COMPARE_NEAR(zOfLevel(0.95), 1.959963984540054, 1e-12);
    }

    void tiesCountHalf()
    {
        COMPARE_NEAR(winRate({3, 2, 5}), 0.4, 0.0);
        COMPARE_NEAR(winRate(Tally {3, 2, 5}.mirrored()), 0.6, 0.0);
        COMPARE_NEAR(winRate({}), 0.5, 0.0);
    }

    void tiesCanBeDropped()
    {
        COMPARE_NEAR(winRate({3, 2, 5}, TiePolicy::Dropped), 0.375, 0.0);
        QCOMPARE(countedOutcomes({3, 2, 5}, TiePolicy::Dropped), std::int64_t(8));
        QCOMPARE(countedOutcomes({3, 2, 5}, TiePolicy::Half), std::int64_t(10));
        COMPARE_NEAR(winRate({0, 9, 0}, TiePolicy::Dropped), 0.5, 0.0);
    }

    void powerOfTheSignTestEqualsScipy()
    {
        for (const Json& row : statisticsFixture("sign_test_power"))
            COMPARE_NEAR(signTestPower(row.at("rate"), row.at("n"), row.at("alpha")), row.at("power"), 1e-11);
        COMPARE_NEAR(signTestPower(0.9, 0), 0.0, 0.0);
        COMPARE_NEAR(signTestPower(0.9, 5), 0.0, 0.0); // no result of five is significant
    }

    /// 6 of 10 decisive: 194 are needed for 60 %, so 184 more; with as many ties as decisive, twice that.
    void morePromptsByHand()
    {
        QCOMPARE(morePrompts({6, 0, 4}).value(), std::int64_t(184));
        QCOMPARE(morePrompts({4, 0, 6}).value(), std::int64_t(184));
        QCOMPARE(morePrompts({6, 10, 4}).value(), std::int64_t(368));
        QCOMPARE(morePrompts({6, 1, 4}).value(), std::int64_t(203)); // 184 * 11 / 10, rounded up
        QCOMPARE(morePrompts({61, 0, 39}).value(), std::int64_t(0)); // found
        QVERIFY(morePrompts({60, 0, 40}).value() > 0); // p = 5.7 %
        QVERIFY(!morePrompts({5, 3, 5}));
        QVERIFY(!morePrompts({0, 7, 0}));
        QVERIFY(!morePrompts({}));
        QCOMPARE(morePrompts({1, 0, 0}).value(), requiredPrompts(1.0) > 1 ? requiredPrompts(1.0) - 1 : 1);
    }

    void summaryEqualsNumpy()
    {
        const std::vector<double> points {.5, 1, 0, 1, 1, .5, 0, 1, 1, 1, 0, .5};
        const Summary summary = summarise(points);
        QCOMPARE(summary.count, std::int64_t(12));
        COMPARE_NEAR(summary.mean, 0.625, 1e-15);
        COMPARE_NEAR(summary.deviation, 0.4330127018922193, 1e-14);
        COMPARE_NEAR(summary.standardError, 0.125, 1e-14);
        const double one = 3.0;
        COMPARE_NEAR(summarise({&one, 1}).deviation, 0.0, 0.0);
        QCOMPARE(summarise({}).count, std::int64_t(0));
    }
};

QTEST_GUILESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
