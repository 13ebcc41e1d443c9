// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/label_noise.h"

#include <QTest>

#include <set>

using namespace mpo;

class TestLabelNoise : public QObject
{
    Q_OBJECT

    static Dataset data(int count)
    {
        Dataset data {"pairs", DatasetKind::Pairs, {}};
        for (int i = 0; i < count; ++i) {
            PreferencePair& pair = data.pairs.emplace_back();
            pair.prompt = "p";
            pair.chosen = "good";
            pair.rejected = "bad";
            pair.chosenIds = {1};
            pair.rejectedIds = {2};
            pair.margin = 1.5;
        }
        return data;
    }
    static std::set<std::size_t> flippedBy(double share, std::uint64_t seed)
    {
        Dataset noisy = data(200);
        flipLabels(noisy, share, seed);
        std::set<std::size_t> flipped;
        for (std::size_t i = 0; i < noisy.pairs.size(); ++i) {
            const PreferencePair& pair = noisy.pairs[i];
            if (pair.chosen == "bad" && pair.rejected == "good" && pair.chosenIds == TokenIds {2}
                && pair.rejectedIds == TokenIds {1} && pair.margin == -1.5)
                flipped.insert(i);
            else if (pair.chosen != "good" || pair.chosenIds != TokenIds {1} || pair.rejected != "bad"
                || pair.margin != 1.5)
                return {};
        }
        return flipped;
    }

private Q_SLOTS:
    void asManyAsAsked()
    {
        QCOMPARE(flippedBy(0.0, 1).size(), std::size_t(0));
        QCOMPARE(flippedBy(0.1, 1).size(), std::size_t(20));
        QCOMPARE(flippedBy(0.3, 1).size(), std::size_t(60));
        QCOMPARE(flippedBy(1.0, 1).size(), std::size_t(200));
        Dataset none = data(0);
        flipLabels(none, 0.5, 1);
        QVERIFY(none.pairs.empty());
    }

    void moreNoiseKeepsWhatWasFlipped()
    {
        const auto few = flippedBy(0.1, 7), many = flippedBy(0.3, 7);
        QVERIFY(std::includes(many.begin(), many.end(), few.begin(), few.end()));
        QVERIFY(flippedBy(0.1, 7) == few);
        QVERIFY(flippedBy(0.1, 8) != few);
    }
};

QTEST_GUILESS_MAIN(TestLabelNoise)
#include "tst_label_noise.moc"
