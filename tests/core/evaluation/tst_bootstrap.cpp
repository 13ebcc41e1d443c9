// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/bootstrap.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace mpo;

class TestBootstrap : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Resampling has noise of its own: about 0.005 at 20,000 resamples here.
    void bootstrapNearScipy() // stats.bootstrap of scipy 1.17.1 with 200,000 resamples
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

    /// Prompts with several values each: whole prompts are drawn.
    void severalStatisticsNearNumpy()
    {
        const Json& fixture = statisticsFixture("bootstrap");
        std::vector<std::vector<double>> units;
        for (const Json& unit : fixture.at("units"))
            units.push_back(numbers(unit));
        const auto statistics = [&](std::span<const std::int64_t> drawn) {
            double sum = 0.0, count = 0.0, maximum = -1e9;
            for (const std::int64_t unit : drawn)
                for (const double value : units[std::size_t(unit)]) {
                    sum += value;
                    count += 1.0;
                    maximum = std::max(maximum, value);
                }
            return std::vector {sum / count, maximum};
        };
        const auto intervals = bootstrapIntervals(std::int64_t(units.size()), statistics, {.resamples = 20000});
        QCOMPARE(intervals.size(), std::size_t(2));
        COMPARE_INTERVAL(intervals[0], fixture.at("mean"), 0.02);
        COMPARE_INTERVAL(intervals[1], fixture.at("maximum"), 0.0); // one of few values
    }

    /// Seeds of unequal numbers of prompts.
    void groupsNearNumpy()
    {
        const Json& fixture = statisticsFixture("bootstrap_of_groups");
        std::vector<std::vector<double>> groups;
        for (const Json& group : fixture.at("groups"))
            groups.push_back(numbers(group));
        COMPARE_NEAR(meanOfGroups(groups), fixture.at("mean").get<double>(), 1e-12);
        COMPARE_INTERVAL(bootstrapOfGroups(groups, {.resamples = 20000}), fixture.at("interval"), 0.02);
        groups.emplace_back(); // a seed without a prompt says nothing
        COMPARE_INTERVAL(bootstrapOfGroups(groups, {.resamples = 20000}), fixture.at("interval"), 0.02);
    }

    /// All of what two groups of equal values can give: both from the first (1/4), one of each (1/2), both from the
    /// second (1/4).
    void groupsByHand()
    {
        const std::vector<std::vector<double>> groups {{0.0, 0.0}, {1.0, 1.0, 1.0}};
        COMPARE_NEAR(meanOfGroups(groups), 0.5, 0.0);
        const Interval wide = bootstrapOfGroups(groups, {.level = 0.6}),
                       narrow = bootstrapOfGroups(groups, {.level = 0.4});
        COMPARE_NEAR(wide.low, 0.0, 0.0); // tails of 20 % lie in the outer quarters, tails of 30 % do not
        COMPARE_NEAR(wide.high, 1.0, 0.0);
        COMPARE_NEAR(narrow.low, 0.5, 0.0);
        COMPARE_NEAR(narrow.high, 0.5, 0.0);
        COMPARE_NEAR(bootstrapOfGroups({}).high, 0.0, 0.0);
        COMPARE_NEAR(meanOfGroups({}), 0.0, 0.0);
        const std::vector<std::vector<double>> one {{2.0, 2.0}};
        COMPARE_NEAR(bootstrapOfGroups(one).low, 2.0, 0.0);
    }

    void statisticsThatDoNotExistAreLeftOut()
    {
        int calls = 0;
        const auto everySecond = [&](std::span<const std::int64_t> drawn) {
            Q_UNUSED(drawn)
            return std::vector {++calls % 2 == 0 ? std::nan("") : 3.0, std::numeric_limits<double>::infinity()};
        };
        const auto intervals = bootstrapIntervals(4, everySecond, {.resamples = 10});
        COMPARE_NEAR(intervals[0].low, 3.0, 0.0);
        COMPARE_NEAR(intervals[0].high, 3.0, 0.0);
        QVERIFY(std::isnan(intervals[1].low) && std::isnan(intervals[1].high));
    }

    void noUnits()
    {
        const auto size = [](std::span<const std::int64_t> drawn) { return std::vector {double(drawn.size())}; };
        COMPARE_NEAR(bootstrapIntervals(0, size, {.resamples = 5})[0].high, 0.0, 0.0);
    }
};

QTEST_GUILESS_MAIN(TestBootstrap)
#include "tst_bootstrap.moc"
