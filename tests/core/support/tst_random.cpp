// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/random.h"
#include "tests/common/near.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

using namespace mpo;

class TestRandom : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// xoshiro256** from the state 1, 2, 3, 4, as the published C program prints. The first three by hand: rotl(2 * 5,
    /// 7) * 9 = 11520; the second word is then 2 ^ (3 ^ 1) = 0, so 0; then 262149, so rotl(262149 * 5, 7) * 9 =
    /// 1509978240.
    void numbersOfTheReferenceProgram()
    {
        RandomStream random(0, "");
        random.restore("0000000000000001000000000000000200000000000000030000000000000004");
        const std::array<std::uint64_t, 10> expected {11520u, 0u, 1509978240u, 1215971899390074240u,
            1216172134540287360u, 607988272756665600u, 16172922978634559625u, 8476171486693032832u,
            10595114339597558777u, 2904607092377533576u};
        for (const auto number : expected)
            QCOMPARE(random.next(), number);
    }

    void aRestoredStreamGoesOnTheSame()
    {
        RandomStream random(7, "shuffle");
        for (int i = 0; i < 1000; ++i)
            random.normal();
        const std::string state = random.state();
        std::vector<double> numbers;
        for (int i = 0; i < 100; ++i)
            numbers.push_back(random.normal() + double(random.below(1000)) + random.uniform());
        RandomStream other(0, "other");
        other.restore(state);
        for (const double number : numbers)
            QCOMPARE(other.normal() + double(other.below(1000)) + other.uniform(), number);
    }

    void purposesAndSeedsGiveOtherStreams()
    {
        std::vector<std::uint64_t> firsts;
        for (const std::uint64_t seed : {0u, 1u, 2u, 42u})
            for (const char* purpose : {"", "shuffle", "sampling", "shufflf"})
                firsts.push_back(RandomStream(seed, purpose).next());
        std::sort(firsts.begin(), firsts.end());
        QVERIFY(std::adjacent_find(firsts.begin(), firsts.end()) == firsts.end());
        QCOMPARE(RandomStream(42, "shuffle").next(), RandomStream(42, "shuffle").next());
    }

    void badStatesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("state");
        QTest::newRow("empty") << QByteArray("");
        QTest::newRow("zero") << QByteArray(64, '0');
        QTest::newRow("long") << QByteArray(65, '1');
        QTest::newRow("no digits") << QByteArray(64, 'g');
        QTest::newRow("sign") << QByteArray(63, '1').prepend('-');
    }
    void badStatesAreRefused()
    {
        QFETCH(QByteArray, state);
        RandomStream random(1, "x");
        const auto before = random.state();
        QVERIFY_THROWS_EXCEPTION(Error, random.restore(state.toStdString()));
        QCOMPARE(random.state(), before);
    }

    /// chi squared with 5 degrees of freedom: below 20.5 in 999 of 1,000 cases; the seed is fixed.
    void belowIsUniform()
    {
        RandomStream random(3, "dice");
        std::array<int, 6> counts {};
        for (int i = 0; i < 60000; ++i)
            ++counts[std::size_t(random.below(6))];
        double chi = 0.0;
        for (const int count : counts)
            chi += (count - 10000.0) * (count - 10000.0) / 10000.0;
        QVERIFY2(chi < 20.5, qPrintable(QString::number(chi)));
        for (int i = 0; i < 100; ++i)
            QCOMPARE(random.below(1), std::int64_t(0));
        // Two thirds of 2^63: a modulo of 64 bits would favour the lower half by a third.
        const std::int64_t large = std::int64_t(6148914691236517205);
        int low = 0;
        for (int i = 0; i < 20000; ++i) {
            const auto number = random.below(large);
            QVERIFY(number >= 0 && number < large);
            low += number < large / 2 ? 1 : 0;
        }
        COMPARE_NEAR(low, 10000, 300);
    }

    /// Means within five standard errors.
    void uniformAndNormalHaveTheirMoments()
    {
        RandomStream random(5, "moments");
        const int count = 100000;
        double sum = 0, squares = 0, fourth = 0, uniform = 0;
        for (int i = 0; i < count; ++i) {
            const double u = random.uniform();
            QVERIFY(u >= 0.0 && u < 1.0);
            uniform += u;
            const double z = random.normal();
            sum += z;
            squares += z * z;
            fourth += z * z * z * z;
        }
        COMPARE_NEAR(uniform / count, 0.5, 5 * std::sqrt(1.0 / 12 / count));
        COMPARE_NEAR(sum / count, 0.0, 5 * std::sqrt(1.0 / count));
        COMPARE_NEAR(squares / count, 1.0, 5 * std::sqrt(2.0 / count));
        COMPARE_NEAR(fourth / count, 3.0, 5 * std::sqrt(96.0 / count));
    }

    void shufflingKeepsTheItemsAndMovesThemEvenly()
    {
        RandomStream random(11, "shuffle");
        std::array<std::array<int, 4>, 4> places {};
        for (int i = 0; i < 24000; ++i) {
            std::vector<int> items {0, 1, 2, 3};
            random.shuffle(items);
            QCOMPARE(std::accumulate(items.begin(), items.end(), 0), 6);
            for (std::size_t place = 0; place < 4; ++place)
                ++places[place][std::size_t(items[place])];
        }
        for (const auto& place : places)
            for (const int count : place)
                COMPARE_NEAR(count, 6000, 5 * std::sqrt(24000 * 0.25 * 0.75));
        std::vector<int> none;
        random.shuffle(none);
        QVERIFY(none.empty());
    }
};

QTEST_GUILESS_MAIN(TestRandom)
#include "tst_random.moc"
