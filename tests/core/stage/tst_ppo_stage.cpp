// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/near.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <map>

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
        Recorded recorded;
        std::map<I, std::vector<std::string>> promptsOf;
        Values settings = rloo();
        settings.push_back({"sample_prompts", I(8)});
        prepare(recorded, StageKind::Ppo, settings);
        Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 3), value = cloneModel(reward);
        policy.tokenizer = Tokenizer::load(std::filesystem::path(MPO_FIXTURES) / "parity/tokenizer");
        recorded.context.samples = [&](const std::vector<SampleRow>& rows) {
            for (const SampleRow& row : rows)
                promptsOf[row.step].push_back(row.prompt);
        };
        trainPpo({policy, reference, reward, value, &reference}, prompts(12), recorded.context);
        QCOMPARE(promptsOf.size(), std::size_t(3));
        for (const auto& [step, shown] : promptsOf) {
            QCOMPARE(shown.size(), std::size_t(8));
            for (std::size_t i = 0; i < shown.size(); ++i)
                QCOMPARE(shown[i], shown[i / 4 * 4]);
            QVERIFY(shown[0] != shown[4]);
        }
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
