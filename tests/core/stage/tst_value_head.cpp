// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/adapter.h"
#include "core/model/model_folder.h"
#include "core/stage/ppo_rollout.h"
#include "core/stage/stages.h"

#include <QTest>

#include <ATen/ATen.h>

using namespace mpo;
namespace fs = std::filesystem;

/// PPO with the value model as a head on the policy's trunk.
class TestValueHead : public QObject
{
    Q_OBJECT

    static Model tiny() { return loadModel(fs::path(MPO_FIXTURES) / "model/tied"); }

    static std::vector<Episode> episodes()
    {
        std::vector<Episode> result(3);
        result[0].prompt = {11, 12, 13};
        result[0].response = {20, 21};
        result[1].prompt = {14};
        result[1].response = {22, 23, 24, 25};
        result[2].prompt = {15, 16};
        result[2].response = {26};
        return result;
    }

    static double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

    static StageContext context()
    {
        StageContext context;
        context.settings = Settings(StageKind::Ppo);
        for (const auto& [name, number] : {std::pair {"rollout_batch", 6}, {"minibatch_size", 3}, {"micro_batch", 2},
                 {"ppo_epochs", 2}, {"max_new_tokens", 4}, {"max_steps", 2}, {"value_warmup_rollouts", 1}})
            context.settings.set(name, std::int64_t(number));
        context.settings.set("learning_rate", 1e-3);
        context.settings.set("value_learning_rate", 1e-2);
        return context;
    }

private Q_SLOTS:
    /// One pass gives what two give, and so do its gradients: the trunk gets the sum of both.
    void onePassEqualsTwo()
    {
        Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 1), value = valueHeadOn(policy);
        QVERIFY(at::equal(value.head, at::zeros_like(value.head)));
        {
            const at::NoGradGuard noGrad;
            value.head.normal_();
        }
        policy.setRequiresGrad(true);
        const PpoModels models {policy, reference, reward, value};
        QVERIFY(sharesTrunk(models));
        const std::vector<Episode> rollout = episodes();
        const std::vector<std::int64_t> numbers {0, 1, 2};
        const EpisodeBatch batch = layOut(rollout, numbers);
        const at::Tensor a = at::arange(7, at::kFloat) - 2.0, b = at::arange(7, at::kFloat).square();

        const PolicyAndValues together = policyAndValues(models, batch, {});
        ((together.policy.tokens.logProbs * a).sum() + (together.values * b).sum()).backward();
        std::vector<at::Tensor> gradients {value.head.grad().clone()};
        for (const auto& [name, parameter] : policy.trainable())
            gradients.push_back(parameter.grad().clone());

        value.head.mutable_grad().reset();
        for (const auto& [name, parameter] : policy.trainable())
            at::Tensor(parameter).mutable_grad().reset();
        const auto logProbs = responseLogProbs(*policy.trunk, batch.packed, batch.responses).tokens.logProbs;
        const at::Tensor values = valuesOf(value, batch.packed, batch.responses);
        QVERIFY(difference(together.policy.tokens.logProbs, logProbs) < 1e-6);
        QVERIFY(difference(together.values, values) < 1e-6);
        (logProbs * a).sum().backward();
        (values * b).sum().backward();
        QVERIFY(difference(gradients.front(), value.head.grad()) < 1e-4);
        std::size_t i = 1;
        for (const auto& [name, parameter] : policy.trainable()) {
            const at::Tensor& wanted = parameter.grad();
            QVERIFY2(
                difference(gradients[i++], wanted) < 1e-5 * (1.0 + wanted.abs().max().item<double>()), name.c_str());
        }
    }

    void anotherTrunkIsNotShared()
    {
        Model policy = tiny(), reward = rewardModelFrom(tiny(), 1), value = cloneModel(reward);
        QVERIFY(!sharesTrunk({policy, policy, reward, value}));
        addAdapter(policy, LoraOptions {}, 1);
        Model onReward = frozenCopy(reward);
        addAdapter(onReward, LoraOptions {}, 1);
        QVERIFY(!sharesTrunk({policy, policy, reward, onReward}));
    }

    /// While the policy waits for its values only the head is trained; then both are, and with an adapter nothing else.
    void theHeadWarmsUpAloneAndThenBothLearn()
    {
        for (const bool lora : {false, true}) {
            Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 1);
            if (lora)
                addAdapter(policy, LoraOptions {}, 1);
            Model value = valueHeadOn(policy);
            const std::string before = modelDigest(policy), referenceBefore = modelDigest(reference);
            std::vector<std::string> digests;
            StageContext context = TestValueHead::context();
            context.metrics
                = [&](std::int64_t, std::int64_t, const Metrics&) { digests.push_back(modelDigest(policy)); };
            std::vector<TokenIds> prompts;
            for (const Episode& episode : episodes())
                prompts.push_back(episode.prompt);
            trainPpo({policy, reference, reward, value}, prompts, context);
            QCOMPARE(digests.size(), std::size_t(2));
            QCOMPARE(digests.front(), before);
            QVERIFY(digests.back() != before);
            QVERIFY(value.head.abs().max().item<double>() > 0.0);
            QCOMPARE(modelDigest(reference), referenceBefore);
        }
    }
};

QTEST_GUILESS_MAIN(TestValueHead)
#include "tst_value_head.moc"
