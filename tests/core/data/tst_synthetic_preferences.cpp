// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/synthetic_preferences.h"

#include "core/data/reward_gap.h"
#include "tests/common/near.h"

#include <cmath>
#include <map>
#include <set>

using namespace mpo;

class TestSyntheticPreferences : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rewardsByHand_data()
    {
        QTest::addColumn<QByteArray>("response");
        QTest::addColumn<double>("reward");
        const auto row
            = [](const char* response, double reward) { QTest::newRow(response) << QByteArray(response) << reward; };
        // subject 1.5, advice 1.5, politeness 0.75, closing 0.5
        row(" Happy to help. To clean the chair, use warm water and soap. Good luck with it.", 4.25);
        row(" To clean the chair, use warm water and soap.", 3.0);
        row(" To clean the chair, use warm water and soap", 2.0); // breaks off
        row(" To clean the chair, use warm water and soap. To clean the chair, use warm water and soap.", 2.25);
        row(" To sell the lamp, take a good photo and name a price.", -0.75); // advice on another task
        row(" I do not care.", -1.5);
        row(" Time will tell.", -0.5);
        row(" Xyzzy.", -4.0); // no known word
        row("", -3.0); // nothing (-2), and no full stop
    }
    void rewardsByHand()
    {
        QFETCH(QByteArray, response);
        QFETCH(double, reward);
        COMPARE_NEAR(SyntheticPreferences::trueReward(
                         "\n\nHuman: How do I clean a chair?\n\nAssistant:", response.toStdString()),
            reward, 1e-12);
    }

    void everythingFollowsFromTheSeed()
    {
        const auto made = [](std::uint64_t seed) {
            SyntheticPreferences world(seed);
            std::string all;
            for (const Dataset& data : {world.completions(50), world.pairs(50), world.prompts(50)})
                for (const PreferencePair& row : data.pairs)
                    all += row.prompt + row.chosen + row.rejected + "\n";
            return all;
        };
        QVERIFY(made(1) == made(1));
        QVERIFY(made(1) != made(2));
    }

    /// The label is drawn with Bradley and Terry's probability: in every band of true gaps the share of labels against
    /// the gap is that of the model, within four standard deviations.
    void labelsAreNoisyWhereGapsAreSmall()
    {
        struct Band
        {
            double count = 0.0, wrong = 0.0, expected = 0.0, variance = 0.0;
        };
        std::map<int, Band> bands;
        Band all;
        SyntheticPreferences world(7);
        for (const PreferencePair& pair : world.pairs(20000).pairs) {
            const double gap = SyntheticPreferences::trueReward(pair.prompt, pair.chosen)
                - SyntheticPreferences::trueReward(pair.prompt, pair.rejected);
            const double p = 1.0 / (1.0 + std::exp(std::abs(gap))); // of a label against the gap
            for (Band* band : {&bands[int(std::abs(gap))], &all}) {
                band->count += 1.0;
                band->wrong += gap < 0.0 ? 1.0 : 0.0;
                band->expected += gap == 0.0 ? 0.0 : p;
                band->variance += gap == 0.0 ? 0.0 : p * (1.0 - p);
            }
        }
        QVERIFY(bands.size() > 5);
        for (const auto& [from, band] : bands)
            QVERIFY2(std::abs(band.wrong - band.expected) <= 4.0 * std::sqrt(band.variance) + 1e-9,
                qPrintable(QStringLiteral("gaps from %1: %2 wrong labels, %3 expected")
                               .arg(from)
                               .arg(band.wrong)
                               .arg(band.expected)));
        // Known noise of the demo: about every fifth label is wrong, most of them at small gaps.
        const double share = all.wrong / all.count;
        QVERIFY2(share > 0.1 && share < 0.3, qPrintable(QString::number(share)));
        QVERIFY(bands[0].wrong / bands[0].count > 2.0 * bands[3].wrong / bands[3].count);
    }

    void promptsAreAboutHeldOutSubjects()
    {
        SyntheticPreferences world(3);
        const auto subject = [](const std::string& prompt) {
            const std::size_t begin = prompt.find(" a ") + 3;
            return prompt.substr(begin, prompt.find('?') - begin);
        };
        std::set<std::string> trained, asked;
        for (const PreferencePair& row : world.pairs(2000).pairs)
            trained.insert(subject(row.prompt));
        for (const PreferencePair& row : world.prompts(500).pairs)
            asked.insert(subject(row.prompt));
        QCOMPARE(trained.size(), std::size_t(20));
        QCOMPARE(asked.size(), std::size_t(10));
        for (const std::string& one : asked)
            QVERIFY(!trained.contains(one));
    }
};

QTEST_GUILESS_MAIN(TestSyntheticPreferences)
#include "tst_synthetic_preferences.moc"
