// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/judge_quality.h"
#include "tests/core/evaluation/statistics_fixture.h"

using namespace mpo;

class TestJudgeQuality : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sideBiasEqualsScipy()
    {
        for (const Json& row : statisticsFixture("side_bias")) {
            const SideBias bias = sideBias(row.at("left"), row.at("right"));
            COMPARE_NEAR(bias.p, row.at("p"), 1e-12);
            COMPARE_INTERVAL(bias.interval, row.at("interval"), 1e-12);
        }
        COMPARE_NEAR(sideBias(60, 40).leftShare, 0.6, 1e-15);
        COMPARE_NEAR(sideBias(0, 0).leftShare, 0.5, 0.0);
        COMPARE_NEAR(sideBias(0, 0).p, 1.0, 0.0);
    }

    /// Same: won-won, tie-tie, lost-lost; the other source: 1 and -1 is the same side, as sides were exchanged.
    void consistencyByHand()
    {
        const std::vector<std::pair<int, int>> outcomes {{1, 1}, {0, 0}, {-1, -1}, {1, -1}, {1, 0}, {-1, 1}};
        const Consistency result = consistency(outcomes);
        QCOMPARE(result.repeated, std::int64_t(6));
        QCOMPARE(result.same, std::int64_t(3));
        QCOMPARE(result.sameSide, std::int64_t(2));
        COMPARE_NEAR(result.share, 0.5, 0.0);
        COMPARE_NEAR(result.interval.low, wilsonInterval(0.5, 6).low, 0.0);
        // chance: (3 * 2 + 1 * 2 + 2 * 2) / 36 = 1/3
        COMPARE_NEAR(result.kappa, (0.5 - 1.0 / 3.0) / (1.0 - 1.0 / 3.0), 1e-12);
        QCOMPARE(consistency({}).repeated, std::int64_t(0));
        COMPARE_NEAR(consistency({}).interval.high, 1.0, 0.0);
    }

    void shares()
    {
        const CountedShare share = countedShare(60, 100), none = countedShare(0, 0);
        COMPARE_NEAR(share.share, 0.6, 1e-15);
        COMPARE_NEAR(share.interval.low, 0.5020025867910618, 1e-12); // scipy 1.17.1
        COMPARE_NEAR(none.share, 0.0, 0.0);
        COMPARE_NEAR(none.interval.high, 1.0, 0.0);
    }
};

QTEST_GUILESS_MAIN(TestJudgeQuality)
#include "tst_judge_quality.moc"
