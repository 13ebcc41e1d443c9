// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/agreement.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <cmath>

using namespace mpo;

class TestAgreement : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void alphaEqualsThePackageKrippendorff()
    {
        for (const Json& row : statisticsFixture("agreement")) {
            const Ratings ratings = ratingsOf(row);
            COMPARE_NEAR(krippendorffAlpha(ratings, LabelScale::Nominal).value(), row.at("nominal"), 1e-12);
            COMPARE_NEAR(krippendorffAlpha(ratings, LabelScale::Ordinal).value(), row.at("ordinal"), 1e-12);
        }
        // Published: 0.743 and 0.815 for the paper's example.
        const Ratings example = ratingsOf(statisticsFixture("agreement")[0]);
        COMPARE_NEAR(krippendorffAlpha(example, LabelScale::Nominal).value(), 0.743, 5e-4);
        COMPARE_NEAR(krippendorffAlpha(example, LabelScale::Ordinal).value(), 0.815, 5e-4);
    }

    void intervalsNearThoseOfThePackage()
    {
        for (const Json& row : statisticsFixture("agreement"))
            for (const auto& [scale, key] : {std::pair {LabelScale::Nominal, "nominal_interval"},
                     std::pair {LabelScale::Ordinal, "ordinal_interval"}}) {
                const Alpha alpha = alphaWithInterval(ratingsOf(row), scale);
                const double width = row.at(key)[1].get<double>() - row.at(key)[0].get<double>();
                COMPARE_INTERVAL(alpha.interval, row.at(key), 0.12 * width);
            }
    }

    void pairsEqualScikitLearn()
    {
        for (const Json& row : statisticsFixture("agreement")) {
            const auto pairs = raterAgreements(ratingsOf(row), {.resamples = 200});
            QCOMPARE(pairs.size(), row.at("pairs").size());
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                const Json& expected = row.at("pairs")[i];
                QCOMPARE(pairs[i].items, expected.at("items").get<std::int64_t>());
                COMPARE_NEAR(pairs[i].share, expected.at("share"), 1e-12);
                if (expected.at("kappa").is_null()) // one label only: 1 by our rule
                    COMPARE_NEAR(pairs[i].kappa, 1.0, 0.0);
                else
                    COMPARE_NEAR(pairs[i].kappa, expected.at("kappa"), 1e-12);
                QVERIFY(pairs[i].kappaInterval.low <= pairs[i].kappa + 1e-12);
                QVERIFY(pairs[i].kappaInterval.high >= pairs[i].kappa - 1e-12);
            }
        }
    }

    /// Two raters, four items, one disagreement: o_01 = 1, n = (3, 5): alpha = 1 - 7 * 1 / 15.
    void alphaByHand()
    {
        const Ratings ratings {{0, 1, 1, 0}, {0, 1, 1, 1}};
        COMPARE_NEAR(krippendorffAlpha(ratings, LabelScale::Nominal).value(), 1.0 - 7.0 / 15.0, 1e-12);
        const Ratings same {{0, 1, 2}, {0, 1, 2}}, opposite {{0, 1}, {1, 0}};
        COMPARE_NEAR(krippendorffAlpha(same, LabelScale::Ordinal).value(), 1.0, 1e-12);
        QVERIFY(krippendorffAlpha(opposite, LabelScale::Nominal).value() < 0.0);
    }

    /// A tie against a win is a smaller disagreement than a win against a loss.
    void orderCounts()
    {
        const Ratings near {{-1, 0, 1, 1, -1, 0}, {0, 0, 1, 1, -1, 0}}, far {{-1, 0, 1, 1, -1, 0}, {1, 0, 1, 1, -1, 0}};
        QVERIFY(krippendorffAlpha(near, LabelScale::Ordinal) > krippendorffAlpha(far, LabelScale::Ordinal));
    }

    void nothingToCompare()
    {
        QVERIFY(!krippendorffAlpha({}, LabelScale::Nominal));
        QVERIFY(!krippendorffAlpha({{0, 1, {}}, {{}, {}, 1}}, LabelScale::Nominal)); // no item has two
        QVERIFY(!krippendorffAlpha({{1, 1}, {1, 1}}, LabelScale::Ordinal)); // one label only
        const Alpha alpha = alphaWithInterval({{0, {}}, {{}, 1}}, LabelScale::Nominal, {.resamples = 3});
        QCOMPARE(alpha.items, std::int64_t(0));
        QVERIFY(!alpha.value && std::isnan(alpha.interval.low));
        const auto pairs = raterAgreements({{0, {}}, {{}, 1}}, {.resamples = 3});
        QCOMPARE(pairs[0].items, std::int64_t(0));
        QVERIFY(std::isnan(pairs[0].kappaInterval.low));
        QVERIFY(raterAgreements({{0, 1}}).empty());
    }

    void kappaByHand()
    {
        const std::vector<int> first {0, 1, 2, 1, 0, 2, 2, 1}, second {0, 1, 1, 1, 0, 2, 0, 1};
        // agreement 6/8; chance (2*3 + 3*4 + 3*1) / 64
        COMPARE_NEAR(cohenKappa(first, second), (0.75 - 21.0 / 64.0) / (1.0 - 21.0 / 64.0), 1e-12);
        COMPARE_NEAR(cohenKappa(first, first), 1.0, 1e-12);
        const std::vector<int> same {1, 1, 1}, opposite {0, 1, 0, 1}, turned {1, 0, 1, 0};
        COMPARE_NEAR(cohenKappa(same, same), 1.0, 0.0);
        COMPARE_NEAR(cohenKappa(opposite, turned), -1.0, 1e-12);
        COMPARE_NEAR(cohenKappa({}, {}), 0.0, 0.0);
    }

private:
    static Ratings ratingsOf(const Json& row)
    {
        Ratings ratings;
        for (const Json& rater : row.at("ratings")) {
            ratings.emplace_back();
            for (const Json& label : rater)
                ratings.back().push_back(label.is_null() ? std::nullopt : std::optional(label.get<int>()));
        }
        return ratings;
    }
};

QTEST_GUILESS_MAIN(TestAgreement)
#include "tst_agreement.moc"
