// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/score_comparison.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <cmath>

using namespace mpo;

namespace {

std::vector<double> gapsFrom(const Json& json)
{
    std::vector<double> gaps;
    for (const Json& gap : json)
        gaps.push_back(gap.is_null() ? std::nan("") : gap.get<double>());
    return gaps;
}

} // namespace

class TestScoreComparison : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// fixtures/data/make_score_comparison.py
    void agreesWithScipy()
    {
        const std::string file = MPO_FIXTURES "/data/score_comparison.json";
        const Json golden = parseJson(readTextFile(file), file);
        const std::vector<double> a = gapsFrom(golden.at("a")), b = gapsFrom(golden.at("b"));
        const GapAgreement agreement = compareGaps(a, b);
        QCOMPARE(agreement.pairs, golden.at("pairs").get<std::int64_t>());
        COMPARE_NEAR(agreement.pearson, golden.at("pearson").get<double>(), 1e-12);
        COMPARE_NEAR(agreement.spearman, golden.at("spearman").get<double>(), 1e-12);
        COMPARE_NEAR(agreement.accuracyA, golden.at("accuracy_a").get<double>(), 1e-12);
        COMPARE_NEAR(agreement.accuracyB, golden.at("accuracy_b").get<double>(), 1e-12);
        COMPARE_NEAR(agreement.alike, golden.at("alike").get<double>(), 1e-12);
        const auto pairs = golden.at("disagreeing").get<std::vector<std::int64_t>>();
        QVERIFY(pairs.size() > 10);
        QCOMPARE(agreement.disagreeing, std::int64_t(pairs.size()));
        QCOMPARE(disagreeingPairs(a, b), pairs);
        for (const Json& wanted : golden.at("tables")) {
            SplitRule rule {SplitRule::By::Gap, 0.0, wanted.at("absolute").get<bool>(), {}, {}};
            if (!wanted.at("contradictory").is_null())
                rule.contradictory = wanted.at("contradictory").get<double>();
            const BucketTable table = compareBuckets(
                a, b, rule, wanted.at("threshold_a").get<double>(), wanted.at("threshold_b").get<double>());
            std::int64_t changed = 0;
            for (std::size_t i = 0; i < 3; ++i)
                for (std::size_t j = 0; j < 3; ++j) {
                    const auto count = wanted.at("counts").at(i).at(j).get<std::int64_t>();
                    QCOMPARE(table.counts[i][j], count);
                    changed += i == j ? 0 : count;
                }
            QCOMPARE(table.pairs(), agreement.pairs);
            QCOMPARE(table.changed(), changed);
        }
    }

    void whatHasNoSpreadHasNoCorrelation()
    {
        const std::vector<double> flat {1.0, 1.0, 1.0}, rising {-1.0, 0.0, 2.0}, none;
        const GapAgreement agreement = compareGaps(flat, rising);
        QVERIFY(std::isnan(agreement.pearson) && std::isnan(agreement.spearman));
        COMPARE_NEAR(agreement.alike, 0.5, 1e-12); // unlike, by half, alike
        QCOMPARE(agreement.disagreeing, 1);
        QCOMPARE(compareGaps(none, none).pairs, 0);
        QVERIFY(std::isnan(compareGaps(none, none).alike));
        COMPARE_NEAR(compareGaps(rising, rising).spearman, 1.0, 1e-12);
    }
};

QTEST_GUILESS_MAIN(TestScoreComparison)
#include "tst_score_comparison.moc"
