// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/axis_ticks.h"
#include "tests/common/near.h"

#include <limits>

using namespace mpo;

class TestAxisTicks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void byHand()
    {
        const AxisTicks share = linearTicks(0.0, 1.0);
        QCOMPARE(share.labels, (std::vector<std::string> {"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
        const AxisTicks gaps = linearTicks(-3.2, 4.1);
        QCOMPARE(gaps.labels, (std::vector<std::string> {"-4", "-2", "0", "2", "4", "6"}));
        const AxisTicks small = linearTicks(0.00012, 0.00047);
        QCOMPARE(small.labels, (std::vector<std::string> {"0.0001", "0.0002", "0.0003", "0.0004", "0.0005"}));
        QCOMPARE(linearTicks(0, 3e7).labels.back(), std::string("3e+07"));
    }

    void everyRangeIsCoveredByAFewMarks()
    {
        for (const double low : {-1e9, -7.3, 0.0, 1e-7, 0.99, 12345.0})
            for (const double width : {1e-5, 0.03, 1.0, 17.0, 1e6}) {
                const AxisTicks ticks = linearTicks(low, low + width);
                QVERIFY(ticks.marks.size() >= 2 && ticks.marks.size() <= 9);
                QCOMPARE(ticks.marks.size(), ticks.labels.size());
                const double slack = 1e-6 * (ticks.high - ticks.low);
                QVERIFY(ticks.low <= low + slack && ticks.high >= low + width - slack);
                for (std::size_t i = 1; i < ticks.labels.size() && width > 1e-6 * std::abs(low); ++i)
                    QVERIFY2(ticks.labels[i] != ticks.labels[i - 1], ticks.labels[i].c_str());
            }
    }

    void rangesWithoutWidth()
    {
        constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                         infinite = std::numeric_limits<double>::infinity();
        for (const auto& [low, high] :
            {std::pair {2.0, 2.0}, {0.0, 0.0}, {5.0, 1.0}, {nan, 1.0}, {0.0, infinite}, {1e15, 1e15}}) {
            const AxisTicks ticks = linearTicks(low, high);
            QVERIFY(ticks.low < ticks.high);
            QVERIFY(ticks.marks.size() >= 2 && ticks.marks.size() < 12);
        }
    }

    void logarithmic()
    {
        QCOMPARE(logTicks(3.0, 4500.0).labels, (std::vector<std::string> {"1", "10", "100", "1000", "10000"}));
        QCOMPARE(logTicks(2.0, 7.0).labels, (std::vector<std::string> {"1", "2", "5", "10"}));
        QCOMPARE(logTicks(1.0, 1.0).labels, (std::vector<std::string> {"1", "2", "5", "10"}));
        QVERIFY(logTicks(1e-12, 1e12).marks.size() <= 7);
        COMPARE_NEAR(logTicks(0.002, 0.5).low, 0.001, 1e-15);
    }
};

QTEST_GUILESS_MAIN(TestAxisTicks)
#include "tst_axis_ticks.moc"
