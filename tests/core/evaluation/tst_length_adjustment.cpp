// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/length_adjustment.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include "core/evaluation/logistic_fit.h"

using namespace mpo;

class TestLengthAdjustment : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void equalsStatsmodels()
    {
        for (const Json& row : statisticsFixture("lengths")) {
            const auto result
                = lengthAdjustment(numbers(row.at("points")), numbers(row.at("first")), numbers(row.at("second")));
            QVERIFY(result);
            COMPARE_NEAR(result->winRate, row.at("win_rate"), 1e-9);
            COMPARE_INTERVAL(result->interval, row.at("interval"), 1e-9);
            COMPARE_NEAR(result->slope, row.at("slope"), 1e-8);
            COMPARE_INTERVAL(result->slopeInterval, row.at("slope_interval"), 1e-8);
            COMPARE_NEAR(result->longerWins, row.at("longer_wins"), 1e-12);
        }
    }

    /// The longer one wins 3 of 4 whoever wrote it, and the first is the longer one in 3 of 4: its 62.5 % are length
    /// only.
    void lengthAloneIsTakenOut()
    {
        std::vector<double> points, first, second;
        for (int i = 0; i < 160; ++i) {
            const bool longer = i % 4 != 0, longerWins = (i / 4) % 4 != 0;
            first.push_back(longer ? 20.0 : 10.0);
            second.push_back(longer ? 10.0 : 20.0);
            points.push_back(longer == longerWins ? 1.0 : 0.0);
        }
        const auto result = lengthAdjustment(points, first, second);
        COMPARE_NEAR(result->winRate, 0.5, 1e-9);
        COMPARE_NEAR(result->longerWins, 0.75, 1e-12);
        COMPARE_NEAR(result->meanFirst, 17.5, 1e-12);
        QVERIFY(result->slopeInterval.low > 0.0);
    }

    void whatCannotBeEstimated()
    {
        const std::vector<double> points {1, 0, 1, 0.5}, equal {5, 5, 5, 5}, other {4, 7, 5, 6};
        QVERIFY(!lengthAdjustment(points, equal, equal)); // lengths that do not differ
        QVERIFY(!lengthAdjustment({}, {}, {}));
        QVERIFY(!lengthAdjustment(std::vector<double> {1}, std::vector<double> {2}, std::vector<double> {3}));
        const std::vector<double> always {1, 1, 1, 1}, separated {0, 1, 0, 1};
        QVERIFY(!lengthAdjustment(always, other, equal));
        QVERIFY(!lengthAdjustment(separated, std::vector<double> {4, 7, 4.5, 6}, equal)); // the longer wins always
        QVERIFY(!fitLogistic({{1, 2}, {1, 2}, {1, 2}}, std::vector<double> {1, 0, 1})); // columns say the same
    }
};

QTEST_GUILESS_MAIN(TestLengthAdjustment)
#include "tst_length_adjustment.moc"
