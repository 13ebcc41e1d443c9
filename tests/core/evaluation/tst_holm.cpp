// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/holm.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <cmath>

using namespace mpo;

class TestHolm : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void equalsStatsmodels()
    {
        for (const Json& row : statisticsFixture("holm")) {
            const auto adjusted = holmAdjusted(numbers(row.at("p"))), expected = numbers(row.at("adjusted"));
            QCOMPARE(adjusted.size(), expected.size());
            for (std::size_t i = 0; i < expected.size(); ++i)
                COMPARE_NEAR(adjusted[i], expected[i], 1e-14);
        }
    }

    /// 0.01 * 3, then 0.02 * 2 = 0.04, then 0.03 * 1, which may not be less than what stands before it.
    void byHand()
    {
        const std::vector<double> p {0.03, 0.01, 0.02};
        const auto adjusted = holmAdjusted(p);
        COMPARE_NEAR(adjusted[0], 0.04, 1e-15);
        COMPARE_NEAR(adjusted[1], 0.03, 1e-15);
        COMPARE_NEAR(adjusted[2], 0.04, 1e-15);
        QVERIFY(holmAdjusted({}).empty());
    }

    void missingTestsDoNotCount()
    {
        const std::vector<double> p {0.02, std::nan(""), 0.4};
        const auto adjusted = holmAdjusted(p);
        COMPARE_NEAR(adjusted[0], 0.04, 1e-15);
        QVERIFY(std::isnan(adjusted[1]));
        COMPARE_NEAR(adjusted[2], 0.4, 1e-15);
    }
};

QTEST_GUILESS_MAIN(TestHolm)
#include "tst_holm.moc"
