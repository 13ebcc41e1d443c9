// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/message_of.h"
#include "tests/common/near.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

using namespace mpo;
using namespace stage_fixture;

/// References that move (TR-DPO) and losses that have none.
class TestDpoStage : public QObject
{
    Q_OBJECT

    /// Every step sees all pairs in the same order.
    const Values kWhole {{"learning_rate", 1e-2}, {"batch_size", I(12)}, {"shuffle", false}, {"max_steps", I(4)},
        {"lr_schedule", std::string("constant")}, {"checkpoint_every", I(1)}};

    Values moving(double share, I every) const
    {
        Values values = kWhole;
        values.push_back({"sync_ref_model", true});
        values.push_back({"ref_model_mixup_alpha", share});
        values.push_back({"ref_model_sync_steps", every});
        return values;
    }

    static std::pair<StageOutcome, Model> train(
        Recorded& recorded, const Values& settings, const Model* reference = nullptr, Model policy = tiny())
    {
        prepare(recorded, StageKind::Dpo, settings);
        StageOutcome outcome = trainDpo(policy, reference, pairs(12), recorded.context);
        return {outcome, std::move(policy)};
    }

private Q_SLOTS:
    /// The whole policy becomes the reference after each step, so that no step sees a log-ratio.
    void referenceThatIsThePolicy()
    {
        Recorded recorded;
        const auto [outcome, policy] = train(recorded, moving(1.0, 1));
        QCOMPARE(outcome.steps, I(4));
        for (std::size_t step = 0; step < 4; ++step) {
            COMPARE_NEAR(recorded.at(step, "loss"), std::log(2.0), 1e-5);
            COMPARE_NEAR(recorded.at(step, "rewards/chosen"), 0.0, 1e-5);
        }
        QVERIFY(recorded.at(3, "logps/chosen") != recorded.at(0, "logps/chosen"));
    }

    /// 0.3 of the policy and 0.7 of the old reference, worked out here.
    void mixedReference()
    {
        Recorded one, two, check;
        Values single = kWhole;
        single.push_back({"max_steps", I(1)});
        const auto [ignored, after] = train(one, single);
        const Model mixed = tiny();
        const NamedTensors target = mixed.parameters(), policy = after.parameters();
        for (std::size_t i = 0; i < target.size(); ++i) {
            const at::NoGradGuard noGrad;
            at::Tensor tensor = target[i].second;
            tensor.copy_(0.7 * tensor + 0.3 * policy[i].second);
        }
        train(two, moving(0.3, 1));
        train(check, single, &mixed, cloneModel(after));
        COMPARE_NEAR(two.at(1, "rewards/chosen"), check.at(0, "rewards/chosen"), 1e-5);
        COMPARE_NEAR(two.at(1, "rewards/margins"), check.at(0, "rewards/margins"), 1e-5);
        COMPARE_NEAR(two.at(1, "loss"), check.at(0, "loss"), 1e-5);

        // Before the first update nothing differs from DPO.
        Recorded late, plain;
        train(late, moving(0.3, 3));
        train(plain, kWhole);
        for (std::size_t step = 0; step < 3; ++step)
            COMPARE_NEAR(late.at(step, "loss"), plain.at(step, "loss"), 1e-5);
        QVERIFY(std::abs(late.at(3, "loss") - plain.at(3, "loss")) > 1e-4);
    }

    /// The reference is in the checkpoint.
    void goesOnBitForBit()
    {
        Recorded whole;
        const auto [outcome, policy] = train(whole, moving(0.4, 2));
        for (const I crash : {1, 2, 3}) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = folder.path().toStdString();
            recorded.crashAt = crash + 1;
            QVERIFY_THROWS_EXCEPTION(Crash, train(recorded, moving(0.4, 2)));
            recorded.crashAt = 0;
            const auto [resumed, again] = train(recorded, moving(0.4, 2));
            QCOMPARE(resumed.resumedAt, crash);
            QCOMPARE(modelDigest(again), modelDigest(policy));
            compareMetrics(recorded, whole);
        }
    }

    void withoutReference()
    {
        for (const char* loss : {"simpo", "orpo"}) {
            Recorded recorded;
            Values settings = kWhole;
            settings.push_back({"loss", std::string(loss)});
            settings.push_back({"max_steps", I(12)});
            train(recorded, settings);
            QVERIFY2(recorded.at(11, "loss") < recorded.at(0, "loss"), loss);
            QVERIFY2(recorded.at(11, "rewards/accuracies") > 0.9, loss);
            // beta times a mean log-prob of a token, which is below 0 also at the start
            QVERIFY2(recorded.at(0, "rewards/chosen") < 0.0, loss);
        }
    }

    void whatMakesNoSenseIsRefused()
    {
        Settings settings(StageKind::Dpo);
        settings.set("sync_ref_model", true);
        QVERIFY(settings.problems().empty());
        settings.set("lora_rank", I(4));
        QCOMPARE(settings.problems().size(), std::size_t(1));
        settings.set("lora_rank", I(0));
        settings.set("loss", std::string("orpo"));
        QCOMPARE(settings.problems().size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestDpoStage)
#include "tst_dpo_stage.moc"
