// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/even_groups.h"
#include "core/support/random.h"

#include <QTest>

#include <algorithm>

using namespace mpo;

class TestEvenGroups : public QObject
{
    Q_OBJECT

    using Ends = std::vector<std::size_t>;

private Q_SLOTS:
    void byHand()
    {
        QCOMPARE(evenGroups({}, 3), Ends {});
        QCOMPARE(evenGroups(std::vector<double> {1, 2, 3, 4, 5, 6}, 3), (Ends {2, 4, 6}));
        QCOMPARE(evenGroups(std::vector<double> {1, 2, 3, 4, 5}, 2), (Ends {2, 5}));
        QCOMPARE(evenGroups(std::vector<double> {1, 2}, 5), (Ends {1, 2})); // no more than there are values
        QCOMPARE(evenGroups(std::vector<double> {7, 7, 7}, 3), (Ends {3}));
        // Of twelve in three groups of four: eight are equal, the second group begins where its end was to be.
        QCOMPARE(evenGroups(std::vector<double> {1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5}, 3), (Ends {8, 12}));
        // Five are equal: one alone would be a third group; it goes with the next ones.
        QCOMPARE(evenGroups(std::vector<double> {1, 1, 1, 1, 1, 2, 3, 4, 5}, 3), (Ends {5, 9}));
        // One is left at the end: it goes with those before.
        QCOMPARE(evenGroups(std::vector<double> {0, 1, 2, 3, 4, 5, 5, 5, 9}, 3), (Ends {3, 9}));
        QCOMPARE(evenGroups(std::vector<double> {0, 1, 1, 1, 1, 1, 1, 1, 2}, 3), (Ends {9}));
    }

    /// What the header says, of values with many equal ones.
    void alwaysHolds()
    {
        RandomStream random(3, "even groups");
        for (int round = 0; round < 2000; ++round) {
            const std::size_t size = 1 + std::size_t(random.below(40));
            const int groups = 1 + int(random.below(7));
            std::vector<double> values;
            for (std::size_t i = 0; i < size; ++i)
                values.push_back(double(random.below(1 + std::int64_t(size) / 2)));
            std::sort(values.begin(), values.end());
            const Ends ends = evenGroups(values, groups);
            QVERIFY(!ends.empty() && ends.back() == size && int(ends.size()) <= groups);
            std::size_t from = 0;
            for (const std::size_t to : ends) {
                QVERIFY(2 * (to - from) * std::size_t(groups) >= size);
                QVERIFY(to == size || values[to] > values[to - 1]);
                from = to;
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestEvenGroups)
#include "tst_even_groups.moc"
