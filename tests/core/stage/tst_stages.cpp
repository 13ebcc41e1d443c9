// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"
#include "core/stage/optimizer.h"
#include "core/stage/stages.h"
#include "core/support/random.h"
#include "tests/common/near.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

/// Real stages on a tiny Llama: chosen responses hold even tokens, rejected ones odd tokens.
class TestStages : public QObject
{
    Q_OBJECT

    static Model tiny() { return loadModel(fs::path(MPO_FIXTURES) / "model/tied"); }

    static std::vector<TokenizedPair> pairs(int count)
    {
        RandomStream random(5, "pairs");
        std::vector<TokenizedPair> result;
        for (int i = 0; i < count; ++i) {
            TokenizedPair pair;
            for (int t = 0; t < 3; ++t)
                pair.prompt.push_back(TokenId(10 + random.below(80)));
            for (int t = 0; t < 4; ++t) {
                pair.chosen.push_back(TokenId(10 + 2 * random.below(40)));
                pair.rejected.push_back(TokenId(11 + 2 * random.below(40)));
            }
            pair.index = i;
            result.push_back(pair);
        }
        return result;
    }

    struct Recorded
    {
        StageContext context;
        std::vector<Metrics> steps;
        double at(std::size_t step, std::string_view name) const
        {
            for (const Metric& metric : steps.at(step))
                if (metric.name == name)
                    return metric.value;
            return std::nan("");
        }
    };
    static void prepare(Recorded& recorded, StageKind stage, const std::vector<std::pair<std::string, SettingValue>>& settings)
    {
        recorded.context.settings = Settings(stage);
        for (const auto& [name, value] : settings)
            recorded.context.settings.set(name, value);
        recorded.context.metrics = [&recorded](std::int64_t, std::int64_t, const Metrics& metrics) { recorded.steps.push_back(metrics); };
    }
    using I = std::int64_t;

private Q_SLOTS:
    void dpoStartsAtLn2AndLearns()
    {
        Model policy = tiny();
        const auto data = pairs(16);
        Recorded recorded;
        prepare(recorded, StageKind::Dpo, {{"learning_rate", 3e-3}, {"epochs", 10.0}, {"batch_size", I(8)}, {"eval_share", 0.25}});
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
            data[i].chosen.resize(1 + i % 4); // of different lengths
        std::vector<double> losses;
        for (const auto& [batch, accumulation] : {std::pair<I, I> {8, 1}, {2, 4}}) {
            Model policy = tiny();
            Recorded recorded;
            prepare(recorded, StageKind::Sft, {{"learning_rate", 1e-3}, {"batch_size", batch}, {"gradient_accumulation", accumulation}, {"max_steps", I(3)}});
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
        const std::vector<std::pair<std::string, SettingValue>> settings {{"learning_rate", 1e-3}, {"epochs", 2.0}, {"batch_size", I(4)}, {"warmup_steps", I(2)}};
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

    void ppoBeginsAtItsReferenceAndRaisesTheScore()
    {
        const auto data = pairs(16);
        std::vector<TokenIds> prompts;
        for (const TokenizedPair& pair : data)
            prompts.push_back(pair.prompt);
        Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 3);
        Model value = cloneModel(reward);
        Recorded recorded;
        prepare(recorded, StageKind::Ppo, {{"learning_rate", 2e-3}, {"value_learning_rate", 3e-3}, {"rollout_batch", I(16)}, {"minibatch_size", I(16)},
            {"ppo_epochs", I(2)}, {"max_new_tokens", I(8)}, {"total_episodes", I(16 * 25)}, {"kl_coef", 0.01}, {"missing_eos_penalty", 0.0}});
        const StageOutcome outcome = trainPpo({policy, reference, reward, value, &reference}, prompts, recorded.context);
        QCOMPARE(outcome.steps, I(25));
        COMPARE_NEAR(recorded.at(0, "objective/kl"), 0.0, 1e-3);
        COMPARE_NEAR(recorded.at(0, "objective/kl_sft"), 0.0, 1e-3);
        double early = 0.0, late = 0.0;
        for (std::size_t i = 0; i < 5; ++i) {
            early += recorded.at(i, "objective/scores") / 5.0;
            late += recorded.at(20 + i, "objective/scores") / 5.0;
        }
        QVERIFY2(late > early + 0.1, qPrintable(QStringLiteral("%1 -> %2").arg(early).arg(late)));
        QVERIFY(recorded.at(24, "objective/kl") > 0.0);
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
