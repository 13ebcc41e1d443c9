// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/frozen_weights.h"
#include "core/model/model_folder.h"
#include "core/stage/checkpoint.h"
#include "core/stage/optimizer.h"
#include "core/stage/stages.h"
#include "core/support/random.h"
#include "tests/common/near.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

#include <fstream>

using namespace mpo;
using namespace stage_fixture;
namespace fs = std::filesystem;

/// Real stages on a tiny Llama: chosen responses hold even tokens, rejected ones odd tokens.
class TestStages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// MPO with LoRA: stage 2 starts from stage 1 with its adapter merged, and is held to that model and not to SFT.
    void stageTwoIsAnchoredToTheMergedAdapterOfStageOne()
    {
        const Model sft = tiny();
        Model policy = tiny();
        LoraOptions options;
        options.rank = 4;
        addAdapter(policy, options, 1);
        Recorded dpo;
        prepare(dpo, StageKind::Dpo, {{"learning_rate", 5e-2}, {"batch_size", I(16)}, {"max_steps", I(10)}});
        trainDpo(policy, nullptr, pairs(16), dpo.context);
        QVERIFY(dpo.at(9, "rewards/margins") > 0.1);

        addAdapter(policy, options, 2); // merges the first
        const Model reference = frozenCopy(policy);
        QVERIFY(modelDigest(sft) == modelDigest(tiny()));
        Model reward = rewardModelFrom(tiny(), 3), value = frozenCopy(reward);
        addAdapter(value, options, 4);
        Recorded ppo;
        prepare(ppo, StageKind::Ppo, kSmallPpo);
        trainPpo({policy, reference, reward, value, &sft}, prompts(12), ppo.context);
        QVERIFY2(std::abs(ppo.at(0, "objective/kl")) < 1e-5, qPrintable(QString::number(ppo.at(0, "objective/kl"))));
        QVERIFY(std::abs(ppo.at(0, "objective/kl_sft")) > 0.05);
        QVERIFY(std::abs(ppo.at(2, "objective/kl")) > 1e-4); // and it has moved since
        QCOMPARE(modelDigest(reward), modelDigest(rewardModelFrom(tiny(), 3)));
    }

    /// Adapter, its optimiser state and its dropout: what is resumed ends where what was never stopped ends.
    void loraWithDropoutResumesBitForBit()
    {
        const Values settings {
            {"learning_rate", 1e-2}, {"batch_size", I(4)}, {"max_steps", I(6)}, {"checkpoint_every", I(1)}};
        LoraOptions options;
        options.rank = 2;
        options.dropout = 0.3;
        const auto fresh = [&] {
            Model model = tiny();
            addAdapter(model, options, 1);
            return model;
        };
        Recorded whole, broken, rest;
        Model expected = fresh();
        prepare(whole, StageKind::Dpo, settings);
        trainDpo(expected, nullptr, pairs(12), whole.context);

        QTemporaryDir folder;
        Model resumed = fresh();
        prepare(broken, StageKind::Dpo, settings);
        broken.context.checkpoints = folder.path().toStdString();
        broken.crashAt = 4;
        QVERIFY_THROWS_EXCEPTION(Crash, trainDpo(resumed, nullptr, pairs(12), broken.context));
        resumed = fresh();
        prepare(rest, StageKind::Dpo, settings);
        rest.context.checkpoints = folder.path().toStdString();
        QCOMPARE(trainDpo(resumed, nullptr, pairs(12), rest.context).resumedAt, I(3));
        QCOMPARE(modelDigest(resumed), modelDigest(expected));
        QVERIFY(modelDigest(expected) != modelDigest(fresh()));
    }

    void layersComputedAgainGiveTheSameBits_data()
    {
        QTest::addColumn<QByteArray>("dtype");
        QTest::addColumn<bool>("lora");
        QTest::newRow("fp32") << QByteArray("fp32") << false;
        QTest::newRow("bf16") << QByteArray("bf16") << false;
        QTest::newRow("lora with dropout") << QByteArray("fp32") << true; // the embedding wants no gradient
    }
    void layersComputedAgainGiveTheSameBits()
    {
        QFETCH(QByteArray, dtype);
        QFETCH(bool, lora);
        const auto data = pairs(16);
        std::string digests[2], values[2];
        for (const bool again : {false, true}) {
            Model policy = tiny();
            if (lora) {
                LoraOptions options;
                options.rank = 4;
                options.dropout = 0.3;
                addAdapter(policy, options, 1);
            }
            Recorded recorded;
            const Values common {{"learning_rate", 1e-3}, {"max_steps", I(3)}, {"dtype", dtype.toStdString()},
                {"gradient_checkpointing", again}};
            prepare(recorded, StageKind::Dpo, common);
            trainDpo(policy, nullptr, data, recorded.context);
            digests[again] = modelDigest(policy);
            Values ppo = kSmallPpo;
            ppo.insert(ppo.end(), {{"dtype", dtype.toStdString()}, {"gradient_checkpointing", again}});
            Recorded rollouts;
            const auto [outcome, trained, value] = runPpo(rollouts, ppo);
            values[again] = trained + value;
        }
        QVERIFY(digests[0] != modelDigest(tiny()));
        QCOMPARE(digests[1], digests[0]);
        QCOMPARE(values[1], values[0]);
    }

    /// What is not trained is kept in bf16 and computes what the fp32 weights do, alone and under an adapter.
    void frozenWeightsComputeTheSameBits()
    {
        const auto data = pairs(6);
        const auto scoresOf = [&](bool freeze, bool adapter) {
            Model reward = rewardModelFrom(tiny(), 3);
            if (adapter) {
                LoraOptions options;
                options.rank = 4;
                addAdapter(reward, options, 1);
                for (const auto& [name, tensor] : reward.trainable())
                    tensor.detach().add_(0.01); // B begins with zeros
            }
            reward.trunk->computeType = ComputeType::BFloat16;
            if (freeze)
                freezeWeights(reward);
            Recorded recorded;
            prepare(recorded, StageKind::Reward, {});
            return scorePairs(reward, data, recorded.context);
        };
        for (const bool adapter : {false, true}) {
            const auto plain = scoresOf(false, adapter), frozen = scoresOf(true, adapter);
            for (std::size_t i = 0; i < plain.size(); ++i) {
                QCOMPARE(frozen[i].chosen, plain[i].chosen);
                QCOMPARE(frozen[i].rejected, plain[i].rejected);
            }
        }
    }

    void dpoStartsAtLn2AndLearns()
    {
        Model policy = tiny();
        const auto data = pairs(16);
        Recorded recorded;
        prepare(recorded, StageKind::Dpo,
            {{"learning_rate", 3e-3}, {"epochs", 10.0}, {"batch_size", I(8)}, {"eval_share", 0.25}});
        const StageOutcome outcome = trainDpo(policy, nullptr, data, recorded.context);
        QCOMPARE(outcome.steps, I(20)); // 12 pairs, two steps an epoch
        COMPARE_NEAR(recorded.at(0, "loss"), 0.6931471805599453, 1e-5);
        COMPARE_NEAR(recorded.at(0, "rewards/margins"), 0.0, 1e-5);
        QVERIFY(recorded.at(19, "loss") < 0.5);
        QVERIFY(recorded.at(19, "eval_loss") < 0.6931);
    }

    void rewardModelLearnsWhatIsChosen()
    {
        Model reward = rewardModelFrom(tiny(), 1);
        const auto data = pairs(32);
        Recorded recorded;
        prepare(recorded, StageKind::Reward, {{"learning_rate", 5e-3}, {"epochs", 12.0}, {"eval_share", 0.0}});
        trainReward(reward, data, recorded.context);
        QVERIFY(recorded.steps.back().size() > 5);
        const auto scores = scorePairs(reward, data, recorded.context);
        const auto right = std::count_if(scores.begin(), scores.end(), [](const PairScore& s) { return s.gap() > 0; });
        QVERIFY2(right >= 30, qPrintable(QString::number(right)));
    }

    /// The loss is a token mean over the whole optimiser step, however it is cut into batches.
    void sftLossDoesNotDependOnAccumulation()
    {
        auto data = pairs(8);
        for (std::size_t i = 0; i < data.size(); ++i)
            data[i].chosen = data[i].chosen.first(1 + i % 4); // of different lengths
        std::vector<double> losses;
        for (const auto& [batch, accumulation] : {std::pair<I, I> {8, 1}, {2, 4}}) {
            Model policy = tiny();
            Recorded recorded;
            prepare(recorded, StageKind::Sft,
                {{"learning_rate", 1e-3}, {"batch_size", batch}, {"gradient_accumulation", accumulation},
                    {"max_steps", I(3)}});
            trainSft(policy, data, recorded.context);
            for (std::size_t step = 0; step < 3; ++step)
                losses.push_back(recorded.at(step, "loss"));
        }
        for (std::size_t step = 0; step < 3; ++step)
            COMPARE_NEAR(losses[step], losses[step + 3], 1e-5);
        QVERIFY(losses[2] < losses[0]);
    }

    /// Stopped after two steps and begun again: every weight is the same bit for bit.
    void resumedRunEqualsAnUninterruptedOne()
    {
        const auto data = pairs(24);
        const std::vector<std::pair<std::string, SettingValue>> settings {
            {"learning_rate", 1e-3}, {"epochs", 2.0}, {"batch_size", I(4)}, {"warmup_steps", I(2)}};
        Model whole = tiny();
        Recorded first;
        prepare(first, StageKind::Dpo, settings);
        trainDpo(whole, nullptr, data, first.context);

        QTemporaryDir folder;
        Recorded second;
        prepare(second, StageKind::Dpo, settings);
        second.context.checkpoints = fs::path(folder.path().toStdString()) / "checkpoints";
        std::stop_source stop;
        second.context.stop = stop.get_token();
        const auto record = second.context.metrics;
        second.context.metrics = [&](std::int64_t step, std::int64_t total, const Metrics& metrics) {
            record(step, total, metrics);
            if (step == 5)
                stop.request_stop();
        };
        Model part = tiny();
        QVERIFY(trainDpo(part, nullptr, data, second.context).stopped);
        second.context.stop = {};
        Model resumed = tiny();
        const StageOutcome outcome = trainDpo(resumed, nullptr, data, second.context);
        QCOMPARE(outcome.resumedAt, I(5));
        QCOMPARE(modelDigest(resumed), modelDigest(whole));
        QCOMPARE(second.steps.size(), first.steps.size());
    }

    void damagedCheckpointFallsBackToTheOneBefore()
    {
        QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        for (const std::int64_t step : {1, 2, 3})
            writeCheckpoint(path, step, Json {{"step", step}}, {{"x", at::full({3}, double(step))}});
        QVERIFY(!fs::exists(path / "1")); // two are kept
        QCOMPARE(readNewestCheckpoint(path)->step, I(3));
        std::ofstream(path / "3/state.safetensors", std::ios::app) << "x";
        QCOMPARE(readNewestCheckpoint(path)->step, I(2));
        fs::remove(path / "2/MANIFEST.json");
        QVERIFY(!readNewestCheckpoint(path));
    }

    void lossThatIsNotANumberEndsTheRunWithTheWeightsAsTheyWere()
    {
        Model policy = tiny();
        {
            const at::NoGradGuard noGrad;
            at::Tensor norm = policy.parameters().back().second;
            norm.fill_(std::nan(""));
        }
        const std::string before = modelDigest(policy);
        Recorded recorded;
        prepare(recorded, StageKind::Sft, {{"learning_rate", 1e-3}});
        try {
            trainSft(policy, pairs(8), recorded.context);
            QFAIL("it went on");
        } catch (const std::exception& error) {
            QVERIFY2(QByteArray(error.what()).contains("Step 1"), error.what());
        }
        QCOMPARE(modelDigest(policy), before);
    }

    /// The reward depends on the last token alone (attention and feed-forward of the reward model add nothing), so that
    /// there is something to find within a few rollouts. Measured over 5 seeds: the mean score of three rollouts rises
    /// by 0.74 to 2.0.
    void ppoBeginsAtItsReferenceAndRaisesTheScore()
    {
        Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 1);
        for (const auto& [name, tensor] : reward.parameters())
            if (at::Tensor weight = tensor; name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight"))
                weight.zero_();
        Model value = cloneModel(reward);
        Recorded recorded;
        prepare(recorded, StageKind::Ppo,
            {{"learning_rate", 1e-2}, {"value_learning_rate", 1e-3}, {"rollout_batch", I(64)},
                {"minibatch_size", I(32)}, {"ppo_epochs", I(2)}, {"max_new_tokens", I(2)},
                {"total_episodes", I(64 * 12)}, {"kl_coef", 0.02}, {"missing_eos_penalty", 0.0}});
        const StageOutcome outcome
            = trainPpo({policy, reference, reward, value, &reference}, prompts(64), recorded.context);
        QCOMPARE(outcome.steps, I(12));
        COMPARE_NEAR(recorded.at(0, "objective/kl"), 0.0, 1e-3);
        COMPARE_NEAR(recorded.at(0, "objective/kl_sft"), 0.0, 1e-3);
        double early = 0.0, late = 0.0;
        for (std::size_t i = 0; i < 3; ++i) {
            early += recorded.at(i, "objective/scores") / 3.0;
            late += recorded.at(9 + i, "objective/scores") / 3.0;
        }
        QVERIFY2(late > early + 0.4, qPrintable(QStringLiteral("%1 -> %2").arg(early).arg(late)));
        QVERIFY(recorded.at(11, "objective/kl") > 0.5);
    }

    /// First update of a rollout: nothing has moved yet (algorithms.md 5.2).
    void ppoStartsWithRatioOne()
    {
        Recorded recorded;
        runPpo(
            recorded, {{"ppo_epochs", I(1)}, {"rollout_batch", I(4)}, {"minibatch_size", I(4)}, {"max_steps", I(1)}});
        COMPARE_NEAR(recorded.at(0, "val/ratio"), 1.0, 1e-5);
        COMPARE_NEAR(recorded.at(0, "policy/approxkl_avg"), 0.0, 1e-8);
        COMPARE_NEAR(recorded.at(0, "policy/clipfrac_avg"), 0.0, 0.0);
        COMPARE_NEAR(recorded.at(0, "loss/policy_avg"), 0.0, 1e-5); // minus the mean of whitened advantages
    }

    /// Stopped at every place where PPO looks for a stop (while recording, in every micro-batch of every epoch) and
    /// begun again: both models and all metrics are the same bit for bit.
    void resumedPpoEqualsAnUninterruptedOne()
    {
        Recorded whole;
        const auto expected = runPpo(whole, kSmallPpo);
        int stops = 0;
        for (int place = 1;; ++place) {
            QTemporaryDir folder;
            Recorded recorded;
            std::stop_source stop;
            recorded.context.stop = stop.get_token();
            recorded.context.checkpoints = fs::path(folder.path().toStdString()) / "checkpoints";
            int calls = 0;
            recorded.context.breathe = [&] {
                if (++calls == place)
                    stop.request_stop();
            };
            auto [outcome, policy, value] = runPpo(recorded, kSmallPpo);
            if (!outcome.stopped) {
                QCOMPARE(policy, std::get<1>(expected));
                break;
            }
            ++stops;
            recorded.context.stop = {};
            recorded.context.breathe = {};
            std::tie(outcome, policy, value) = runPpo(recorded, kSmallPpo);
            QVERIFY(!outcome.stopped);
            QVERIFY2(
                policy == std::get<1>(expected) && value == std::get<2>(expected), qPrintable(QString::number(place)));
            compareMetrics(recorded, whole);
        }
        QVERIFY2(stops > 30, qPrintable(QString::number(stops)));
    }

    /// A process that dies loses what came after its last checkpoint and nothing else.
    void ppoGoesOnAfterACrash()
    {
        Recorded whole;
        const auto expected = runPpo(whole, kSmallPpo);
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = fs::path(folder.path().toStdString()) / "checkpoints";
        auto settings = kSmallPpo;
        settings.push_back({"checkpoint_every", I(1)});
        recorded.crashAt = 3;
        QVERIFY_EXCEPTION_THROWN(runPpo(recorded, settings), Crash);
        recorded.crashAt = 0;
        recorded.steps.pop_back(); // that of the crash is repeated
        const auto [outcome, policy, value] = runPpo(recorded, settings);
        QCOMPARE(outcome.resumedAt, I(2));
        QCOMPARE(policy, std::get<1>(expected));
        QCOMPARE(value, std::get<2>(expected));
        compareMetrics(recorded, whole);
    }

    void countsTokensAsTrlDoes()
    {
        const auto data = pairs(8); // prompt 3, responses 4 each
        const auto tokens = [&](StageKind stage, auto train) {
            Recorded recorded;
            prepare(recorded, stage, {{"batch_size", I(4)}, {"max_steps", I(3)}});
            train(recorded.context);
            return recorded.at(2, "num_tokens");
        };
        Model policy = tiny(), reward = rewardModelFrom(policy, 1);
        // 3 steps of 4 examples; a pair is two sequences of 3 + 4 tokens.
        QCOMPARE(
            tokens(StageKind::Dpo, [&](auto& context) { trainDpo(policy, nullptr, data, context); }), 3 * 4 * 14.0);
        QCOMPARE(tokens(StageKind::Reward, [&](auto& context) { trainReward(reward, data, context); }), 3 * 4 * 14.0);
        QCOMPARE(tokens(StageKind::Sft, [&](auto& context) { trainSft(policy, data, context); }), 3 * 4 * 7.0);
    }

    void schedulesByHand()
    {
        OptimizerOptions options;
        options.learningRate = 1.0;
        options.warmupSteps = 2;
        COMPARE_NEAR(scheduledRate(options, 0, 10), 0.0, 0.0);
        COMPARE_NEAR(scheduledRate(options, 1, 10), 0.5, 0.0);
        COMPARE_NEAR(scheduledRate(options, 2, 10), 1.0, 0.0);
        COMPARE_NEAR(scheduledRate(options, 6, 10), 0.5, 1e-12);
        options.schedule = "cosine";
        COMPARE_NEAR(scheduledRate(options, 6, 10), 0.5, 1e-12);
        COMPARE_NEAR(scheduledRate(options, 4, 10), 0.8535533905932737, 1e-12);
    }
};

QTEST_GUILESS_MAIN(TestStages)
#include "tst_stages.moc"
