// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/holm.h"
#include "core/evaluation/report_json.h"
#include "core/evaluation/source_ranking.h"
#include "tests/common/near.h"

using namespace mpo;

namespace {

RankedSession session(const std::string& first, const std::string& second, int wins, int ties, int losses)
{
    RankedSession one {first + " against " + second, first, second, {}, {}};
    for (const auto& [points, times] : {std::pair {1.0, wins}, {0.5, ties}, {0.0, losses}})
        for (int i = 0; i < times; ++i) {
            one.prompts.push_back("prompt " + std::to_string(one.prompts.size()));
            one.points.push_back(points);
        }
    return one;
}

} // namespace

class TestSourceRanking : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void ordersByStrength()
    {
        const std::vector<RankedSession> sessions {
            session("sft", "dpo", 10, 5, 25), session("dpo", "mpo", 12, 4, 24), session("sft", "mpo", 5, 5, 30)};
        const SourceRanking ranking = rankSources(sessions, {.resamples = 200});
        QCOMPARE(ranking.sources, (std::vector<std::string> {"mpo", "dpo", "sft"}));
        QVERIFY(ranking.bradleyTerry.fit.linked);
        for (const StrengthTable* table : {&ranking.bradleyTerry, &ranking.davidson})
            for (std::size_t i = 0; i + 1 < 3; ++i)
                QVERIFY(table->fit.logStrength[i] > table->fit.logStrength[i + 1]);
        QVERIFY(ranking.davidson.fit.tie > 0.0 && ranking.bradleyTerry.fit.tie == 0.0);
        const std::vector<double> p {signTest({10, 5, 25}), signTest({12, 4, 24}), signTest({5, 5, 30})};
        const auto adjusted = holmAdjusted(p);
        for (std::size_t i = 0; i < 3; ++i) {
            COMPARE_NEAR(ranking.comparisons[i].p, p[i], 0.0);
            COMPARE_NEAR(ranking.comparisons[i].adjusted, adjusted[i], 0.0);
        }
    }

    void promptsWithoutOutcomeStayOut()
    {
        RankedSession one = session("a", "b", 3, 0, 1);
        one.prompts.push_back("nobody came to it");
        one.points.push_back(std::nullopt);
        one.prompts.push_back("two to one");
        one.points.push_back(2.0 / 3.0);
        const SourceRanking ranking = rankSources(std::vector {one}, {.resamples = 50});
        QCOMPARE(ranking.comparisons[0].tally.wins, std::int64_t(4));
        QCOMPARE(ranking.comparisons[0].tally.total(), std::int64_t(5));
    }

    void strangersAreNotLinked()
    {
        const std::vector<RankedSession> sessions {session("a", "b", 3, 1, 1), session("c", "d", 1, 0, 4)};
        const SourceRanking ranking = rankSources(sessions, {.resamples = 20});
        QVERIFY(!ranking.bradleyTerry.fit.linked);
        const Json json = parseJson(toLine(toJson(ranking)), "ranking");
        QCOMPARE(json.at("linked").get<bool>(), false);
        QCOMPARE(json.at("bradley_terry").size(), std::size_t(4));
        QVERIFY(rankSources({}).sources.empty());
    }

    void aSourceAgainstItself()
    {
        const SourceRanking ranking = rankSources(std::vector {session("a", "a", 3, 1, 1)}, {.resamples = 20});
        QCOMPARE(ranking.sources.size(), std::size_t(1));
        QCOMPARE(ranking.comparisons[0].tally.wins, std::int64_t(3));
    }
};

QTEST_GUILESS_MAIN(TestSourceRanking)
#include "tst_source_ranking.moc"
