// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_test.h"

#include <QElapsedTimer>
#include <QTest>

#include <cmath>
#include <limits>

using namespace mpo;

class TestScores : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void scoresRoundTrip();
    void aMillionScores();
    void splitsRoundTrip();
    void emptyOnes();
};

void TestScores::scoresRoundTrip()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const std::vector<PairScore> scores {{1.0 / 3.0, -2.5}, {std::numeric_limits<double>::quiet_NaN(), 1e-300}};
    auto row = namedFor<ScoreSetRow>("scores", "data");
    row.rewardModel = "2-fold";
    row.heldOut = true;
    const auto id = project->addScoreSet(row, scores);
    project->addScoreSet(namedFor<ScoreSetRow>("others", "data"), scores);
    const auto rows = project->scoreSets();
    QCOMPARE(rows.size(), std::size_t(2));
    QCOMPARE(rows[0].id, id);
    QCOMPARE(rows[0].name, std::string("scores"));
    QCOMPARE(rows[0].dataset, std::string("data"));
    QCOMPARE(rows[0].rewardModel, std::string("2-fold"));
    QVERIFY(rows[0].heldOut);
    QVERIFY(!rows[1].heldOut);
    QCOMPARE(rows[0].pairs, 2);
    QVERIFY(!rows[0].created.empty());
    const auto loaded = project->loadScores("scores");
    QCOMPARE(loaded.size(), scores.size());
    QVERIFY(loaded[0].chosen == 1.0 / 3.0 && loaded[0].rejected == -2.5);
    QVERIFY(std::isnan(loaded[1].chosen) && loaded[1].rejected == 1e-300);
    QVERIFY(contains(errorOf([&] { project->loadScores("none"); }), "\"scores\", \"others\""));
    QVERIFY(
        contains(errorOf([&] { project->addScoreSet(named<ScoreSetRow>("scores"), scores); }), "another score set"));
}

void TestScores::aMillionScores()
{
    const TemporaryProject temporary;
    std::vector<PairScore> scores(1'000'000);
    for (std::size_t i = 0; i < scores.size(); ++i)
        scores[i] = {double(i), -double(i)};
    auto split = named<SplitRow>("split");
    split.split.buckets.assign(scores.size(), Bucket::Hard);
    {
        const auto project = temporary.open();
        project->addScoreSet(named<ScoreSetRow>("scores"), scores);
        project->addSplit(split);
    }
    QElapsedTimer timer;
    timer.start();
    const auto project = temporary.open();
    const auto loaded = project->loadScores("scores");
    const auto buckets = project->loadSplit("split").split.buckets;
    qInfo("opened and loaded in %lld ms", timer.elapsed());
    QCOMPARE(loaded.size(), scores.size());
    QCOMPARE(loaded.back().gap(), 2.0 * 999'999);
    QCOMPARE(buckets.size(), scores.size());
}

void TestScores::splitsRoundTrip()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    auto row = namedFor<SplitRow>("split", "data");
    row.scoreSet = "scores";
    row.split.rule = {SplitRule::By::Confidence, 0.75, true, 0.25, ContradictoryAction::Flip};
    row.split.threshold = 1.0986122886681098;
    row.split.buckets = {Bucket::Easy, Bucket::Contradictory, Bucket::Hard};
    const auto id = project->addSplit(row);
    const auto loaded = project->loadSplit("split");
    QCOMPARE(loaded.id, id);
    QCOMPARE(loaded.dataset, row.dataset);
    QCOMPARE(loaded.scoreSet, row.scoreSet);
    QCOMPARE(loaded.split.rule.by, SplitRule::By::Confidence);
    QCOMPARE(loaded.split.rule.value, 0.75);
    QVERIFY(loaded.split.rule.absolute);
    QCOMPARE(loaded.split.rule.contradictory.value(), 0.25);
    QCOMPARE(loaded.split.rule.action, ContradictoryAction::Flip);
    QVERIFY(loaded.split.threshold == row.split.threshold);
    QVERIFY(loaded.split.buckets == row.split.buckets);

    row.split.rule.contradictory.reset();
    row.split.buckets = {Bucket::Hard};
    QCOMPARE(project->addSplit(row), id); // replaced
    QCOMPARE(project->splits().size(), std::size_t(1));
    QVERIFY(!project->splits()[0].split.rule.contradictory);
    QVERIFY(project->splits()[0].split.buckets == row.split.buckets);
    QVERIFY(contains(errorOf([&] { project->loadSplit("none"); }), "\"split\""));
}

void TestScores::emptyOnes()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    project->addScoreSet(named<ScoreSetRow>("scores"), {});
    project->addSplit(named<SplitRow>("split"));
    QVERIFY(project->loadScores("scores").empty());
    QVERIFY(project->loadSplit("split").split.buckets.empty());
}

QTEST_GUILESS_MAIN(TestScores)
#include "tst_scores.moc"
