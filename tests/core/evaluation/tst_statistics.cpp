// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"
#include "tests/common/near.h"

#include <cmath>

using namespace mpo;

/// Numbers called "scipy" come from scipy 1.17.1 (stats.binomtest, stats.norm, stats.bootstrap with 200,000 resamples).
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

    /// Resampling has noise of its own: about 0.005 at 20,000 resamples here.
    void bootstrapNearScipy()
    {
        const std::vector<double> values {-0.604, -1.649, 0.503, 1.841, 3.272, 1.219, -0.105, -0.57, 2.497, 4.27, 1.546,
            -1.467, -0.917, 4.2, 1.406, -2.464, 0.833, -1.326, -0.259, 0.024, -0.427, 2.107, 0.874, -0.179, 1.819, 2.66,
            -2.286, 0.487, -0.961, 0.654, -1.579, 1.041, 0.924, 0.391, -1.096, 0.208, -1.183, -1.71, 1.45, -1.219};
        const Interval interval = bootstrapInterval(values, {.resamples = 20000});
        COMPARE_NEAR(interval.low, -0.14762562499999993, 0.02);
        COMPARE_NEAR(interval.high, 0.8758756249999997, 0.02);
        const Interval again = bootstrapInterval(values, {.resamples = 20000});
        QVERIFY(again.low == interval.low && again.high == interval.high);
        const Interval other = bootstrapInterval(values, {.resamples = 20000, .seed = 2});
        QVERIFY(other.low != interval.low);
        const Interval narrower = bootstrapInterval(values, {.resamples = 20000, .level = 0.8});
        QVERIFY(narrower.low > interval.low && narrower.high < interval.high);
    }

    void bootstrapOfLittle()
    {
        const std::vector<double> equal {0.5, 0.5, 0.5}, one {2.0};
        COMPARE_NEAR(bootstrapInterval(equal).low, 0.5, 0.0);
        COMPARE_NEAR(bootstrapInterval(equal).high, 0.5, 0.0);
        COMPARE_NEAR(bootstrapInterval(one).high, 2.0, 0.0);
        COMPARE_NEAR(bootstrapInterval({}).high, 0.0, 0.0);
        COMPARE_NEAR(bootstrapInterval(equal, {.resamples = 1}).low, 0.5, 0.0);
    }

    void kappaByHand()
    {
        const std::vector<int> first {0, 1, 2, 1, 0, 2, 2, 1}, second {0, 1, 1, 1, 0, 2, 0, 1};
        // agreement 6/8; chance (2*3 + 3*4 + 3*1) / 64
        COMPARE_NEAR(cohenKappa(first, second), (0.75 - 21.0 / 64.0) / (1.0 - 21.0 / 64.0), 1e-12);
        COMPARE_NEAR(cohenKappa(first, first), 1.0, 1e-12);
        const std::vector<int> same {1, 1, 1}, opposite {0, 1, 0, 1}, turned {1, 0, 1, 0};
        COMPARE_NEAR(cohenKappa(same, same), 1.0, 0.0);
        COMPARE_NEAR(cohenKappa(opposite, turned), -1.0, 1e-12);
        COMPARE_NEAR(cohenKappa({}, {}), 0.0, 0.0);
    }
};

QTEST_GUILESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
