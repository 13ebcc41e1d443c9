// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/statistics.h"
#include "tests/common/near.h"

using namespace mpo;

class TestStatistics : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void wilson()
    {
        const Interval interval = wilsonInterval(0.6, 200); // published: 53.1 to 66.5
        COMPARE_NEAR(interval.low, 0.531, 0.0006);
        COMPARE_NEAR(interval.high, 0.665, 0.0006);
        COMPARE_NEAR(wilsonInterval(0.5, 100).high - 0.5, 0.096, 0.0005);
    }
    void signTestTurnsAtThePublishedCounts()
    {
        for (const auto& [n, wins] : {std::pair {20, 15}, {50, 33}, {100, 61}, {200, 115}, {500, 273}}) {
            QVERIFY(signTest({wins, 7, n - wins}) < 0.05);
            QVERIFY(signTest({wins - 1, 0, n - wins + 1}) > 0.05);
        }
        COMPARE_NEAR(signTest({0, 5, 0}), 1.0, 0.0);
        COMPARE_NEAR(signTest({3, 0, 0}), 0.25, 1e-12);
    }
    void power()
    {
        QVERIFY(std::abs(requiredPrompts(0.55) - 783) <= 2);
        QVERIFY(std::abs(requiredPrompts(0.7) - 47) <= 1);
    }
    void tiesCountHalf() { COMPARE_NEAR(winRate({3, 2, 5}), 0.4, 0.0); }
};

QTEST_GUILESS_MAIN(TestStatistics)
#include "tst_statistics.moc"
