// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/gap_groups.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <cmath>

using namespace mpo;

class TestGapGroups : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void byHand()
    {
        const std::vector<GapOutcome> outcomes {{3.0, 1.0, 2.0}, {-1.0, 0.0, 0.5}, {0.5, 0.5, 1.0}, {2.5, 1.0, -1.0},
            {0.0, 1.0, 0.25}, {1.0, 0.0, {}}, {std::nan(""), 1.0, 4.0}};
        const auto groups = groupsByGap(outcomes, 3);
        QCOMPARE(groups.size(), std::size_t(3));
        COMPARE_NEAR(groups[0].low, -1.0, 0.0);
        COMPARE_NEAR(groups[0].high, 0.0, 0.0);
        QCOMPARE(groups[0].tally.wins, std::int64_t(1));
        QCOMPARE(groups[0].tally.losses, std::int64_t(1));
        QCOMPARE(groups[0].agreement.n, std::int64_t(2));
        QCOMPARE(groups[0].agreement.hits, std::int64_t(1)); // 0.0: both the first; -1.0: people the second
        QCOMPARE(groups[1].tally.ties, std::int64_t(1));
        QCOMPARE(groups[1].agreement.n, std::int64_t(0)); // a tie, and one without scores
        QCOMPARE(groups[2].tally.wins, std::int64_t(2));
        QCOMPARE(groups[2].agreement.hits, std::int64_t(1));
        COMPARE_NEAR(groups[2].interval.low, wilsonInterval(1.0, 2).low, 0.0);
        const CountedShare all = agreementWithScores(outcomes);
        QCOMPARE(all.n, std::int64_t(5));
        QCOMPARE(all.hits, std::int64_t(3));
    }

    void equalGapsStayTogether()
    {
        std::vector<GapOutcome> outcomes(9, GapOutcome {1.0, 1.0, {}});
        outcomes[0].gap = 0.0;
        const auto groups = groupsByGap(outcomes, 3);
        QCOMPARE(groups.size(), std::size_t(1)); // the first third ends among the equal ones
        QCOMPARE(groups[0].tally.total(), std::int64_t(9));
        outcomes[8].gap = 2.0;
        QCOMPARE(groupsByGap(outcomes, 3).size(), std::size_t(1)); // one alone says nothing
        outcomes[7].gap = 2.0;
        const auto two = groupsByGap(outcomes, 3);
        QCOMPARE(two.size(), std::size_t(2));
        QCOMPARE(two[1].tally.total(), std::int64_t(2));
    }

    void groupsAreOfEqualSize()
    {
        std::vector<GapOutcome> outcomes;
        for (int i = 0; i < 100; ++i)
            outcomes.push_back({double((i * 37) % 100), 0.5, {}});
        std::int64_t total = 0;
        for (const GapGroup& group : groupsByGap(outcomes, 7)) {
            QVERIFY(group.tally.total() == 14 || group.tally.total() == 15);
            COMPARE_NEAR(group.high - group.low + 1.0, double(group.tally.total()), 0.0);
            total += group.tally.total();
        }
        QCOMPARE(total, std::int64_t(100));
    }

    void little()
    {
        QVERIFY(groupsByGap({}).empty());
        const std::vector<GapOutcome> two {{1.0, 1.0, {}}, {2.0, 0.0, {}}};
        QCOMPARE(groupsByGap(two, 5).size(), std::size_t(2));
        QCOMPARE(groupsByGap(two, 1).size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestGapGroups)
#include "tst_gap_groups.moc"
