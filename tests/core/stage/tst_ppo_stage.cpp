// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/ppo_rollout.h"
#include "tests/common/near.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <algorithm>
#include <array>

using namespace mpo;
using namespace stage_fixture;

/// Leave-one-out instead of a value model.
class TestPpoStage : public QObject
{
    Q_OBJECT

    Values rloo() const
    {
        Values values = kSmallPpo;
        values.push_back({"advantage_estimator", std::string("rloo")});
        values.push_back({"num_generations", I(4)});
        return values;
    }

private Q_SLOTS:
    void valueModelStaysAsItIs()
    {
        Recorded recorded;
        const auto [outcome, policy, value] = runPpo(recorded, rloo());
        QCOMPARE(outcome.steps, I(3));
        QCOMPARE(value, modelDigest(rewardModelFrom(tiny(), 3)));
        QVERIFY(policy != modelDigest(tiny()));
        QVERIFY(std::isnan(recorded.at(0, "loss/value_avg")) && std::isnan(recorded.at(0, "val/explained_variance")));
        // value_warmup_rollouts asks for nothing here: the policy learns from the first rollout on.
        QVERIFY(recorded.at(0, "policy/grad_norm") > 0.0);
        COMPARE_NEAR(recorded.at(0, "objective/kl"), 0.0, 1e-4);
    }

    /// Four responses to each of two prompts in a rollout.
    void responsesToAPromptStandTogether()
    {
        for (const bool shuffle : {false, true}) {
            std::vector<I> seen;
            for (I rollout = 0; rollout < 6; ++rollout) {
                const std::vector<I> numbers = promptsOfRollout(rollout, {12, 8, 4, shuffle, 42});
                QCOMPARE(numbers.size(), std::size_t(8));
                for (std::size_t i = 0; i < numbers.size(); ++i)
                    QCOMPARE(numbers[i], numbers[i / 4 * 4]);
                seen.push_back(numbers[0]);
                seen.push_back(numbers[4]);
            }
            const std::vector<I> inOrder {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
            QCOMPARE(seen == inOrder, !shuffle);
            std::sort(seen.begin(), seen.end()); // an epoch is each prompt once
            QCOMPARE(seen, inOrder);
        }
    }

    /// The same prompts each time; what the policy answers changes, what the reference answers stays.
    void samplesToLookAt()
    {
        const auto sampled = [](Values settings) {
            std::vector<SampleRow> rows;
            Recorded recorded;
            prepare(recorded, StageKind::Ppo, settings);
            Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 3), value = cloneModel(reward);
            policy.tokenizer = reference.tokenizer
                = Tokenizer::load(std::filesystem::path(MPO_FIXTURES) / "parity/tokenizer");
            recorded.context.samples
                = [&](const std::vector<SampleRow>& more) { rows.insert(rows.end(), more.begin(), more.end()); };
            trainPpo({policy, reference, reward, value, &reference}, prompts(12), recorded.context);
            return std::tuple(rows, modelDigest(policy), recorded);
        };
        Values settings = kSmallPpo;
        settings.push_back({"sample_prompts", I(3)});
        settings.push_back({"sample_every", I(2)});
        settings.push_back({"learning_rate", 1e-2});
        settings.push_back({"value_warmup_rollouts", I(0)});
        const auto [rows, digest, recorded] = sampled(settings);
        constexpr std::array<I, 3> kSteps {0, 2, 3};
        QCOMPARE(rows.size(), std::size_t(9)); // of the reference, after step 2 and after the last
        for (std::size_t i = 0; i < rows.size(); ++i) {
            QCOMPARE(rows[i].step, kSteps[i / 3]);
            QCOMPARE(rows[i].item, I(i % 3));
            QCOMPARE(rows[i].byReference, i < 3);
            QCOMPARE(rows[i].prompt, rows[i % 3].prompt);
            QVERIFY(rows[i].score);
        }
        QVERIFY(rows[0].prompt != rows[1].prompt);
        const auto answers = [&](std::size_t from) {
            return std::vector<std::string> {rows[from].response, rows[from + 1].response, rows[from + 2].response};
        };
        QVERIFY(answers(0) != answers(6));
        // The same weights and random numbers give the same answer: nothing is learned at a rate of 0.
        Values still = settings;
        still.push_back({"learning_rate", 0.0});
        const auto [same, ignored, alsoIgnored] = sampled(still);
        for (std::size_t i = 3; i < same.size(); ++i) {
            QCOMPARE(same[i].response, same[i % 3].response);
            QCOMPARE(*same[i].score, *same[i % 3].score);
        }
        // Looking changes nothing.
        settings.push_back({"sample_prompts", I(0)});
        const auto [none, digestWithout, recordedWithout] = sampled(settings);
        QVERIFY(none.empty());
        QCOMPARE(digestWithout, digest);
        compareMetrics(recorded, recordedWithout);
    }

    void goesOnBitForBit()
    {
        Recorded whole;
        const auto [outcome, policy, value] = runPpo(whole, rloo());
        for (const I crash : {2, 3}) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = folder.path().toStdString();
            Values settings = rloo();
            settings.push_back({"checkpoint_every", I(1)});
            recorded.crashAt = crash;
            QVERIFY_THROWS_EXCEPTION(Crash, runPpo(recorded, settings));
            recorded.crashAt = 0;
            const auto [resumed, again, ignored] = runPpo(recorded, settings);
            QCOMPARE(resumed.resumedAt, crash - 1);
            QCOMPARE(again, policy);
            compareMetrics(recorded, whole);
        }
    }

    void groupsMustFit()
    {
        Settings settings(StageKind::Ppo);
        settings.set("advantage_estimator", std::string("rloo"));
        QVERIFY(settings.problems().empty());
        settings.set("num_generations", I(3));
        QCOMPARE(settings.problems().size(), std::size_t(1));
        settings.set("advantage_estimator", std::string("gae"));
        QVERIFY(settings.problems().empty());
    }
};

QTEST_GUILESS_MAIN(TestPpoStage)
#include "tst_ppo_stage.moc"
