// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/strengths.h"
#include "tests/core/evaluation/statistics_fixture.h"

#include <cmath>

using namespace mpo;

class TestStrengths : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void equalStatsmodelsAndScipy()
    {
        for (const Json& row : statisticsFixture("strengths")) {
            const auto contests = contestsOf(row);
            const int sources = row.at("sources");
            QVERIFY(near(fitStrengths(sources, contests).logStrength, row.at("half"), 1e-6));
            const Strengths davidson = fitStrengths(sources, contests, {StrengthOptions::Ties::Davidson});
            QVERIFY(near(davidson.logStrength, row.at("davidson"), 2e-6));
            COMPARE_NEAR(davidson.tie, row.at("tie"), 1e-5);
            QVERIFY(davidson.linked);
            if (row.contains("half_without_penalty"))
                QVERIFY(near(fitStrengths(sources, contests, {.ridge = 1e-10}).logStrength,
                    row.at("half_without_penalty"), 1e-8));
        }
    }

    /// Both bootstraps have noise of their own: at 2,000 resamples a 30th of the width, about.
    void intervalsNearThoseOfStatsmodels()
    {
        for (const Json& row : statisticsFixture("strengths")) {
            if (!row.contains("half_intervals"))
                continue;
            const StrengthTable table = strengthTable(row.at("sources"), contestsOf(row), {}, {.resamples = 2000});
            for (std::size_t i = 0; i < table.intervals.size(); ++i) {
                const auto expected = numbers(row.at("half_intervals")[i]);
                const double width = expected[1] - expected[0];
                COMPARE_NEAR(table.intervals[i].low, expected[0], 0.12 * width);
                COMPARE_NEAR(table.intervals[i].high, expected[1], 0.12 * width);
                QVERIFY(table.intervals[i].low < table.fit.logStrength[i]);
                QVERIFY(table.intervals[i].high > table.fit.logStrength[i]);
            }
        }
    }

    /// Two sources: Bradley-Terry is the logit of the win rate; Davidson's ratio is W / L, nu = T / sqrt(W L).
    void twoSourcesInClosedForm()
    {
        std::vector<Contest> contests;
        const auto add = [&](double points, int times) {
            for (int i = 0; i < times; ++i)
                contests.push_back({0, 1, points, std::int64_t(contests.size())});
        };
        add(1.0, 45);
        add(0.5, 30);
        add(0.0, 25);
        const Strengths half = fitStrengths(2, contests, {.ridge = 1e-10});
        COMPARE_NEAR(half.logStrength[0] - half.logStrength[1], std::log(0.6 / 0.4), 1e-8);
        COMPARE_NEAR(half.tie, 0.0, 0.0);
        const Strengths davidson = fitStrengths(2, contests, {StrengthOptions::Ties::Davidson, 1e-10});
        COMPARE_NEAR(davidson.logStrength[0] - davidson.logStrength[1], std::log(45.0 / 25.0), 1e-8);
        COMPARE_NEAR(davidson.tie, 30.0 / std::sqrt(45.0 * 25.0), 1e-8);
        const StrengthTable table = strengthTable(2, contests, {StrengthOptions::Ties::Davidson, 1e-10});
        COMPARE_NEAR(table.winRate[0], 0.6, 1e-8); // ties as half again
        QVERIFY(table.tieInterval.low < davidson.tie && table.tieInterval.high > davidson.tie);
    }

    void sidesDoNotMatter()
    {
        std::vector<Contest> contests = contestsOf(statisticsFixture("strengths")[1]);
        const Strengths before = fitStrengths(4, contests, {StrengthOptions::Ties::Davidson});
        for (std::size_t i = 0; i < contests.size(); i += 2)
            contests[i] = {contests[i].second, contests[i].first, 1.0 - contests[i].points, contests[i].prompt};
        const Strengths after = fitStrengths(4, contests, {StrengthOptions::Ties::Davidson});
        for (std::size_t i = 0; i < 4; ++i)
            COMPARE_NEAR(after.logStrength[i], before.logStrength[i], 1e-10);
    }

    /// Who won always has no largest likelihood: the penalty keeps it finite, and in its place.
    void unbeatenStaysFinite()
    {
        std::vector<Contest> contests(20, Contest {0, 1, 1.0, 0});
        for (int i = 0; i < 20; ++i)
            contests[std::size_t(i)].prompt = i;
        const StrengthTable table = strengthTable(2, contests);
        QVERIFY(table.fit.logStrength[0] > 2.0 && table.fit.logStrength[0] < 10.0);
        QVERIFY(std::isfinite(table.intervals[0].low) && table.winRate[0] > 0.98 && table.winRate[0] < 1.0);
        const Strengths ties = fitStrengths(2, std::vector<Contest>(9), {StrengthOptions::Ties::Davidson});
        COMPARE_NEAR(ties.logStrength[0], 0.0, 1e-12);
        QVERIFY(std::isfinite(ties.tie) && ties.tie > 10.0);
    }

    void sourcesThatNeverMet()
    {
        const std::vector<Contest> contests {{0, 1, 1.0, 0}, {2, 3, 0.0, 1}, {0, 1, 0.0, 2}};
        QVERIFY(!fitStrengths(4, contests).linked);
        QVERIFY(!fitStrengths(3, std::vector<Contest> {{0, 1, 1.0, 0}}).linked);
        QVERIFY(fitStrengths(1, {}).linked);
        COMPARE_NEAR(fitStrengths(3, {}).logStrength[2], 0.0, 0.0);
    }

    void meansOfSeveralVerdictsCountInParts()
    {
        const std::vector<Contest> mean {{0, 1, 0.75, 0}}, parts {{0, 1, 1.0, 0}, {0, 1, 0.5, 0}};
        std::vector<Contest> twice = mean;
        twice.push_back(mean[0]);
        const StrengthOptions davidson {StrengthOptions::Ties::Davidson};
        COMPARE_NEAR(
            fitStrengths(2, twice, davidson).logStrength[0], fitStrengths(2, parts, davidson).logStrength[0], 1e-12);
    }

    void ratings()
    {
        COMPARE_NEAR(ratingOf(0.0), 1000.0, 0.0);
        COMPARE_NEAR(ratingOf(std::log(10.0)), 1400.0, 1e-9);
    }

private:
    static std::vector<Contest> contestsOf(const Json& row)
    {
        std::vector<Contest> contests;
        for (const Json& one : row.at("contests"))
            contests.push_back({one[0], one[1], one[2], one[3]});
        return contests;
    }

    static bool near(const std::vector<double>& actual, const Json& expected, double tolerance)
    {
        const auto wanted = numbers(expected);
        bool all = actual.size() == wanted.size();
        for (std::size_t i = 0; all && i < wanted.size(); ++i)
            if (std::abs(actual[i] - wanted[i]) > tolerance) {
                qWarning("%zu: %.12g instead of %.12g", i, actual[i], wanted[i]);
                all = false;
            }
        return all;
    }
};

QTEST_GUILESS_MAIN(TestStrengths)
#include "tst_strengths.moc"
