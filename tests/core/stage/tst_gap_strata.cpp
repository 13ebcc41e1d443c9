// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/gap_strata.h"
#include "tests/common/near.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <map>
#include <numeric>
#include <set>

using namespace mpo;
using namespace stage_fixture;

/// Metrics of DPO by strata of reward gap.
class TestGapStrata : public QObject
{
    Q_OBJECT

    static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

    static std::vector<I> upTo(I count)
    {
        std::vector<I> numbers(static_cast<std::size_t>(count));
        std::iota(numbers.begin(), numbers.end(), I(0));
        return numbers;
    }

    /// Gaps of 24 pairs: 0, 10, ..., 110 twice.
    static DpoWatch watched()
    {
        DpoWatch watch;
        for (int i = 0; i < 24; ++i)
            watch.gaps.push_back(10.0 * (i % 12));
        return watch;
    }

    const Values kSteps {{"learning_rate", 1e-2}, {"batch_size", I(4)}, {"max_steps", I(12)},
        {"checkpoint_every", I(1)}, {"eval_share", 0.25}, {"eval_every", I(5)}};

    static std::string train(Recorded& recorded, const Values& settings, const DpoWatch& watch)
    {
        prepare(recorded, StageKind::Dpo, settings);
        Model policy = tiny();
        trainDpo(policy, nullptr, pairs(24), recorded.context, watch);
        return modelDigest(policy);
    }

    static bool isPart(const Metric& metric) { return !partOfMetric(metric.name).part.empty(); }

private Q_SLOTS:
    void quarters()
    {
        const std::vector<double> gaps {4, 3, 2, 1, -1, -2, -3, -4};
        const GapStrata strata(gaps, upTo(8));
        QCOMPARE(strata.size(), std::size_t(4));
        QCOMPARE(strata.name(0), std::string("gap -4..-3"));
        QCOMPARE(strata.name(3), std::string("gap 3..4"));
        QCOMPARE(*strata.of(7), std::size_t(0));
        QCOMPARE(*strata.of(4), std::size_t(1));
        QCOMPARE(*strata.of(0), std::size_t(3));
        QVERIFY(!strata.of(8));
    }

    void pairsBesideTheTrainingOnes()
    {
        const std::vector<double> gaps {1, 2, 3, 4, 2.5, 9, -9, kNan};
        const GapStrata strata(gaps, std::vector<I> {0, 1, 2, 3, 7});
        QCOMPARE(strata.size(), std::size_t(4));
        QCOMPARE(*strata.of(4), std::size_t(2)); // between two strata: the upper
        QCOMPARE(*strata.of(5), std::size_t(3));
        QCOMPARE(*strata.of(6), std::size_t(0));
        QVERIFY(!strata.of(7));
    }

    void equalGapsStayTogether()
    {
        const std::vector<double> gaps {1, 1, 1, 1, 1, 1, 2, 3};
        const GapStrata strata(gaps, upTo(8));
        QCOMPARE(strata.size(), std::size_t(2));
        QCOMPARE(strata.name(0), std::string("gap 1..1"));
        QCOMPARE(strata.name(1), std::string("gap 2..3"));
        QCOMPARE(GapStrata(std::vector<double> {5, 5, 5}, upTo(3)).size(), std::size_t(0));
        QCOMPARE(GapStrata({}, upTo(3)).size(), std::size_t(0));
    }

    void namesDiffer()
    {
        const std::vector<double> gaps {1.00001, 1.00002, 1.00003, 1.00004};
        const GapStrata strata(gaps, upTo(4));
        std::set<std::string> names;
        for (std::size_t i = 0; i < strata.size(); ++i)
            names.insert(strata.name(i));
        QCOMPARE(names.size(), std::size_t(4));
    }

    void meansOfSums()
    {
        const GapStrata strata(std::vector<double> {1, 2, 3, 4}, upTo(4));
        StratumSums sums(strata.size());
        sums.add(1, 0.5, 2.0);
        sums.add(1, 0.7, -1.0);
        sums.add(2, 0.1, 3.0);
        QVERIFY(sums.take(strata, 3).empty());
        StratumSums again(strata.size());
        again.restore(Json::parse(sums.toJson().dump()));
        const Metrics metrics = again.take(strata, 2, "eval_");
        QCOMPARE(metrics.size(), std::size_t(3));
        QCOMPARE(metrics[0].name, std::string("eval_loss[gap 2..2]"));
        COMPARE_NEAR(metrics[0].value, 0.6, 1e-12);
        COMPARE_NEAR(metrics[1].value, 0.5, 1e-12);
        COMPARE_NEAR(metrics[2].value, 0.5, 1e-12);
        QCOMPARE(again.take(strata, 1).size(), std::size_t(3)); // the one of stratum 2 is left
        QVERIFY(again.take(strata, 1).empty());
        // A checkpoint of other strata.
        again.add(0, 1.0, 1.0);
        again.restore(StratumSums(strata.size() - 1).toJson());
        QVERIFY(again.take(strata, 1).empty());
        QCOMPARE(again.numbers().size(), StratumSums::kNumbers * strata.size());
    }

    /// What was there before is what it is without strata, bit for bit.
    void othersStayAsTheyAre()
    {
        Recorded with, without;
        QCOMPARE(train(with, kSteps, watched()), train(without, kSteps, {}));
        QCOMPARE(with.steps.size(), std::size_t(12));
        std::size_t parts = 0;
        for (Metrics& step : with.steps)
            parts += std::erase_if(step, isPart);
        QVERIFY(parts > 0);
        compareMetrics(with, without);
        for (std::size_t step = 0; step < 12; ++step)
            QCOMPARE(with.steps[step].size(), without.steps[step].size());
    }

    /// One whole batch a step and enough pairs of each stratum: the mean over strata is the metric over all.
    void strataMakeUpTheWhole()
    {
        TokenizedPairs many = pairs(64);
        DpoWatch watch;
        for (int i = 0; i < 64; ++i)
            watch.gaps.push_back(double(i * 37 % 64));
        Recorded recorded;
        prepare(recorded, StageKind::Dpo,
            {{"learning_rate", 1e-2}, {"batch_size", I(64)}, {"max_steps", I(3)}, {"beta", 1.0}});
        Model policy = tiny();
        trainDpo(policy, nullptr, many, recorded.context, watch);
        for (const Metrics& step : recorded.steps)
            for (const char* name : {"loss", "rewards/margins", "rewards/accuracies"}) {
                double whole = 0.0, sum = 0.0;
                int strata = 0;
                for (const Metric& metric : step) {
                    whole = metric.name == name ? metric.value : whole;
                    if (isPart(metric) && partOfMetric(metric.name).metric == name) {
                        sum += metric.value;
                        ++strata;
                    }
                }
                QCOMPARE(strata, 4);
                COMPARE_NEAR(sum / 4.0, whole, 1e-6);
            }
        QVERIFY(recorded.at(2, "rewards/margins") != 0.0);
    }

    /// A point when a stratum has had 16 pairs: 18 training pairs, 4 a step. And held-out pairs at each evaluation.
    void pointsWhenThereAreEnough()
    {
        Recorded recorded;
        train(recorded, kSteps, watched());
        std::map<std::string, int> points;
        for (const Metrics& step : recorded.steps)
            for (const Metric& metric : step)
                if (isPart(metric)) {
                    ++points[std::string(partOfMetric(metric.name).metric)];
                    QVERIFY(findMetricInfo(metric.name) == findMetricInfo(partOfMetric(metric.name).metric));
                }
        QVERIFY(points["loss"] >= 4); // the last step has what is left
        QCOMPARE(points["loss"], points["rewards/margins"]);
        QVERIFY(points["eval_loss"] >= 6); // of three evaluations
        for (std::size_t step = 0; step < 3; ++step)
            QVERIFY(std::none_of(recorded.steps[step].begin(), recorded.steps[step].end(), isPart));
    }

    /// The sums are in the checkpoint.
    void goesOnBitForBit()
    {
        Recorded whole;
        const std::string digest = train(whole, kSteps, watched());
        for (const I crash : {2, 6, 11}) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = folder.path().toStdString();
            recorded.crashAt = crash + 1;
            QVERIFY_THROWS_EXCEPTION(Crash, train(recorded, kSteps, watched()));
            recorded.crashAt = 0;
            QCOMPARE(train(recorded, kSteps, watched()), digest);
            compareMetrics(recorded, whole);
            for (std::size_t step = 0; step < whole.steps.size(); ++step)
                QCOMPARE(recorded.steps[step].size(), whole.steps[step].size());
        }
    }

    /// Prompts of held-out pairs, answered by the reference once and by the policy now and then.
    void samplesToLookAt()
    {
        DpoWatch watch;
        watch.samplePairs = {1, 20};
        std::vector<std::size_t> scored;
        watch.sampleScore = [&](const std::vector<TokenIds>& ids, const std::vector<std::string>& texts) {
            scored.push_back(ids.size());
            return std::vector<double>(texts.size(), 0.5);
        };
        const auto run = [&](const Values& settings, Recorded& recorded, std::vector<SampleRow>& rows) {
            prepare(recorded, StageKind::Dpo, settings);
            recorded.context.samples
                = [&](const std::vector<SampleRow>& more) { rows.insert(rows.end(), more.begin(), more.end()); };
            Model policy = tiny();
            policy.tokenizer = Tokenizer::load(std::filesystem::path(MPO_FIXTURES) / "parity/tokenizer");
            trainDpo(policy, nullptr, pairs(24), recorded.context, watch);
            return modelDigest(policy);
        };
        Values settings = kSteps;
        settings.push_back({"sample_every", I(6)});
        settings.push_back({"sample_tokens", I(5)});
        Recorded recorded, plain;
        std::vector<SampleRow> rows;
        const std::string digest = run(settings, recorded, rows);
        QCOMPARE(rows.size(), std::size_t(6));
        QCOMPARE(scored, std::vector<std::size_t>({2, 2, 2}));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            QCOMPARE(rows[i].step, I(6 * (i / 2)));
            QCOMPARE(rows[i].byReference, i < 2);
            QCOMPARE(rows[i].prompt, rows[i % 2].prompt);
            QCOMPARE(*rows[i].score, 0.5);
        }
        QVERIFY(rows[0].prompt != rows[1].prompt);
        // Without them the same training; and a run that goes on does not ask the reference again.
        QCOMPARE(train(plain, kSteps, {}), digest);
        compareMetrics(recorded, plain);
        QTemporaryDir folder;
        Recorded crashed;
        crashed.context.checkpoints = folder.path().toStdString();
        crashed.crashAt = 8;
        std::vector<SampleRow> before, after;
        QVERIFY_THROWS_EXCEPTION(Crash, run(settings, crashed, before));
        QCOMPARE(before.size(), std::size_t(4));
        crashed.crashAt = 0;
        QCOMPARE(run(settings, crashed, after), digest);
        QCOMPARE(after.size(), std::size_t(2));
        QCOMPARE(after[0].response, rows[4].response);
        QCOMPARE(after[1].response, rows[5].response);
    }
};

QTEST_GUILESS_MAIN(TestGapStrata)
#include "tst_gap_strata.moc"
