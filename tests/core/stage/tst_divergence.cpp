// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"
#include "core/stage/divergence.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

#include <optional>

using namespace mpo;
using namespace stage_fixture;
namespace fs = std::filesystem;

/// Numbers that are not finite, put into real trainings from outside: a weight is spoilt at one of the places where a
/// stage asks whether to stop, and whole again at the next, or a gradient is spoilt on its way back.
class TestDivergence : public QObject
{
    Q_OBJECT

    /// Spoils one number of a tensor from the `at`-th call to the next one.
    struct Poison
    {
        at::Tensor weight;
        int at = 0;
        double with = std::nan("");
        int calls = 0;
        float saved = 0.0F;
        void operator()()
        {
            const at::NoGradGuard noGrad;
            at::Tensor number = weight.view(-1).narrow(0, 0, 1);
            if (++calls == at) {
                saved = number.item<float>();
                number.fill_(with);
            } else if (calls > at && !std::isfinite(number.item<float>())) {
                number.fill_(saved);
            }
        }
    };

    static at::Tensor lastNorm(const Model& model)
    {
        for (const auto& [name, tensor] : model.parameters())
            if (name == "model.norm.weight")
                return tensor;
        qFatal("the model has no norm");
    }

    static Values pairSettings(const char* onDivergence, I checkpointEvery, I seed)
    {
        return {{"learning_rate", 1e-3}, {"batch_size", I(2)}, {"gradient_accumulation", I(2)}, {"max_steps", I(8)},
            {"seed", seed}, {"checkpoint_every", checkpointEvery}, {"on_divergence", std::string(onDivergence)}};
    }

    struct Run
    {
        Recorded recorded;
        std::string message; ///< of what ended it
        std::vector<std::string> digests; ///< of the trained model when each step was reported; by step from 1
        std::string last; ///< at the end
    };

    enum class Place { Loss, Gradient };

    /// One of the three stages on pairs; from the `at`-th place on, counted from 1, one number is spoilt.
    static void trainOn(Run& run, StageKind stage, const Values& settings, Place place, int at, const fs::path& folder,
        double with = std::nan(""))
    {
        Model model = stage == StageKind::Reward ? rewardModelFrom(tiny(), 3) : tiny();
        model.setRequiresGrad(true);
        prepare(run.recorded, stage, settings);
        StageContext& context = run.recorded.context;
        context.checkpoints = folder;
        const auto record = context.metrics;
        context.metrics = [&](std::int64_t step, std::int64_t total, const Metrics& metrics) {
            record(step, total, metrics);
            run.digests.resize(std::size_t(step) - 1);
            run.digests.push_back(modelDigest(model));
        };
        Poison poison {lastNorm(model), place == Place::Loss ? at : 0, with};
        int backward = 0;
        lastNorm(model).register_hook([&](const at::Tensor& gradient) {
            return place == Place::Gradient && ++backward == at ? gradient * with : gradient;
        });
        context.breathe = [&] { poison(); };
        try {
            if (stage == StageKind::Sft)
                trainSft(model, pairs(20), context);
            else if (stage == StageKind::Reward)
                trainReward(model, pairs(20), context);
            else
                trainDpo(model, nullptr, pairs(20), context);
        } catch (const Error& error) {
            run.message = error.what();
        }
        run.last = modelDigest(model);
    }

    static constexpr std::array kStages {StageKind::Sft, StageKind::Reward, StageKind::Dpo};
    static constexpr int kStep = 5; ///< from 1; the step that is spoilt
    /// Which call of breathe comes right before the first micro-batch of that step: three a step, and DPO asks once
    /// more while it computes the reference.
    static int callBefore(StageKind stage) { return 3 * (kStep - 1) + 1 + (stage == StageKind::Dpo ? 1 : 0); }
    static int placeOf(StageKind stage, Place place) { return place == Place::Loss ? callBefore(stage) : 2 * kStep; }

private Q_SLOTS:
    void bookkeeping()
    {
        Settings settings(StageKind::Sft);
        Divergence stops(settings);
        QVERIFY(QByteArray::fromStdString(messageOf([&] {
            stops.leaveOut(4, -1, "Step 5", "the loss", "do this");
        })).startsWith("Step 5: the loss is not a finite number, so nothing of this step is kept"));
        settings.set("on_divergence", std::string("rollback"));
        settings.set("max_rollbacks", I(2));
        Divergence goesBack(settings);
        QVERIFY(!goesBack.skips(4));
        goesBack.leaveOut(4, Divergence::kWhole, "Step 5", "the loss", "do this");
        QVERIFY(goesBack.skips(4) && !goesBack.skips(4, 0) && !goesBack.skips(5));
        QVERIFY(messageOf([&] { goesBack.leaveOut(4, -1, "Step 5", "the loss", "do this"); }).find("already")
            != std::string::npos);
        Divergence resumed(settings);
        resumed.leaveOut(7, 3, "", "", "");
        resumed.restore(parseJson(toLine(goesBack.toJson()), "state"));
        QVERIFY(resumed.skips(4) && resumed.skips(7, 3));
        QVERIFY(messageOf([&] { resumed.leaveOut(9, -1, "Step 10", "the loss", "do this"); }).find("max_rollbacks = 2")
            != std::string::npos);
    }

    void stopsWithTheWeightsAsTheyWere_data()
    {
        QTest::addColumn<int>("stage");
        QTest::addColumn<int>("place");
        QTest::addColumn<double>("with");
        for (std::size_t i = 0; i < kStages.size(); ++i)
            for (const auto place : {Place::Loss, Place::Gradient})
                for (const double with : {std::nan(""), double(INFINITY)})
                    QTest::addRow("%s, %s, %g", std::string(stageName(kStages[i])).c_str(),
                        place == Place::Loss ? "loss" : "gradient", with)
                        << int(i) << int(place) << with;
    }
    void stopsWithTheWeightsAsTheyWere()
    {
        QFETCH(int, stage);
        QFETCH(int, place);
        QFETCH(double, with);
        const StageKind kind = kStages[std::size_t(stage)];
        for (I seed = 1; seed <= 5; ++seed) {
            QTemporaryDir folder;
            Run run;
            trainOn(run, kind, pairSettings("stop", 100, seed), Place(place), placeOf(kind, Place(place)),
                folder.path().toStdString(), with);
            QVERIFY2(run.message.find("Step 5: ") == 0 && run.message.find("not a finite number") != std::string::npos
                    && (run.message.find(Place(place) == Place::Loss ? "the loss" : "the gradient") != std::string::npos
                        || std::isinf(with)), // an infinite margin has the loss 0
                run.message.c_str());
            QCOMPARE(run.recorded.steps.size(), std::size_t(kStep)); // the curve shows it
            QVERIFY(!std::isfinite(run.recorded.at(kStep - 1, "loss"))
                || !std::isfinite(run.recorded.at(kStep - 1, "grad_norm")));
            QCOMPARE(run.last, run.digests[kStep - 2]);
        }
    }

    /// Gone back to whichever checkpoint, a run ends the same; the step that was left out changed nothing.
    void goesBackAndLeavesTheBatchOut_data() { stopsWithTheWeightsAsTheyWere_data(); }
    void goesBackAndLeavesTheBatchOut()
    {
        QFETCH(int, stage);
        QFETCH(int, place);
        QFETCH(double, with);
        const StageKind kind = kStages[std::size_t(stage)];
        std::optional<Run> first;
        Run clean;
        QTemporaryDir unused;
        trainOn(clean, kind, pairSettings("rollback", 1, 1), Place(place), 0, unused.path().toStdString(), with);
        for (const I every : {1, 2, 3, 100}) {
            QTemporaryDir folder;
            Run run;
            trainOn(run, kind, pairSettings("rollback", every, 1), Place(place), placeOf(kind, Place(place)),
                folder.path().toStdString(), with);
            QVERIFY2(run.message.empty(), run.message.c_str());
            QCOMPARE(run.recorded.steps.size(), std::size_t(8));
            QVERIFY(std::isnan(run.recorded.at(kStep - 1, "loss")));
            QVERIFY(std::isfinite(run.recorded.at(kStep, "loss")));
            QCOMPARE(run.digests[kStep - 1], run.digests[kStep - 2]);
            QVERIFY(run.digests[kStep] != run.digests[kStep - 1]);
            QCOMPARE(run.digests[kStep - 2], clean.digests[kStep - 2]);
            QVERIFY(run.last != clean.last);
            QCOMPARE(run.recorded.warnings.size(), std::size_t(1));
            if (!first)
                first.emplace(std::move(run));
            else {
                QCOMPARE(run.last, first->last);
                compareMetrics(run.recorded, first->recorded);
            }
        }
    }

    /// A step so large that the weights overflow: it is that step that is left out, not the next one.
    void weightsThatOverflow()
    {
        for (const I every : {1, 3, 100}) {
            QTemporaryDir folder;
            Model model = tiny();
            Recorded recorded;
            Values settings = pairSettings("rollback", every, 1);
            prepare(recorded, StageKind::Sft, settings);
            recorded.context.checkpoints = folder.path().toStdString();
            int reported = 0;
            const auto record = recorded.context.metrics;
            recorded.context.metrics = [&](std::int64_t step, std::int64_t total, const Metrics& metrics) {
                record(step, total, metrics);
                if (step == kStep && ++reported == 1) { // what a step that is too large does
                    const at::NoGradGuard noGrad;
                    lastNorm(model).fill_(INFINITY);
                }
            };
            trainSft(model, pairs(20), recorded.context);
            QVERIFY(std::isnan(recorded.at(kStep - 1, "loss")));
            QVERIFY(std::isfinite(recorded.at(kStep, "loss")));
            QVERIFY(recorded.warnings.size() == 1 && recorded.warnings[0].find("Step 5: a weight") == 0);
            for (const auto& [name, tensor] : model.parameters())
                QVERIFY(tensor.isfinite().all().item<bool>());
        }
    }

    /// Bad weights are never written, asked for or not.
    void checkpointsAreFinite()
    {
        for (const I every : {1, 100}) {
            QTemporaryDir folder;
            Model model = tiny();
            Recorded recorded;
            prepare(recorded, StageKind::Sft, pairSettings("stop", every, 1));
            recorded.context.checkpoints = folder.path().toStdString();
            recorded.context.checkpointAsked = [&] { return recorded.steps.size() == 4 && recorded.warnings.empty(); };
            const auto record = recorded.context.metrics;
            recorded.context.metrics = [&](std::int64_t step, std::int64_t total, const Metrics& metrics) {
                record(step, total, metrics);
                const at::NoGradGuard noGrad;
                if (step == 4)
                    lastNorm(model).fill_(std::nan(""));
            };
            QVERIFY(messageOf([&] { trainSft(model, pairs(20), recorded.context); }).find("Step 4: a weight") == 0);
            const auto newest = readNewestCheckpoint(recorded.context.checkpoints);
            if (every == 1)
                QCOMPARE(newest->step, I(3));
            else
                QVERIFY(!newest && recorded.warnings.at(0).find("No checkpoint is written") == 0);
        }
    }

    void endsAfterTooMany()
    {
        QTemporaryDir folder;
        Model model = tiny();
        model.setRequiresGrad(true);
        int backward = 0;
        lastNorm(model).register_hook(
            [&](const at::Tensor& gradient) { return ++backward >= 2 * kStep ? gradient * std::nan("") : gradient; });
        Recorded recorded;
        prepare(recorded, StageKind::Sft, pairSettings("rollback", 2, 1));
        recorded.context.checkpoints = folder.path().toStdString();
        const std::string message = messageOf([&] { trainSft(model, pairs(20), recorded.context); });
        QVERIFY2(message.find("max_rollbacks = 3") != std::string::npos, message.c_str());
        QCOMPARE(recorded.warnings.size(), std::size_t(3));
        for (const auto& [name, tensor] : model.parameters())
            QVERIFY(tensor.isfinite().all().item<bool>());
    }

    /// Killed after it has gone back and begun again, it ends the same.
    void resumedAfterGoingBack()
    {
        QTemporaryDir whole, broken;
        Run expected;
        trainOn(expected, StageKind::Dpo, pairSettings("rollback", 2, 1), Place::Gradient, 2 * kStep,
            whole.path().toStdString());
        for (const I crash : {6, 7}) {
            QTemporaryDir folder;
            Run run;
            run.recorded.crashAt = crash;
            try {
                trainOn(run, StageKind::Dpo, pairSettings("rollback", 2, 1), Place::Gradient, 2 * kStep,
                    folder.path().toStdString());
                QFAIL("it went on");
            } catch (const Crash&) {
            }
            run.recorded.crashAt = 0;
            // Gone on with from step 4, the batch of step 5 is as bad as before; from step 6 it is known to be left
            // out.
            trainOn(run, StageKind::Dpo, pairSettings("rollback", 2, 1), Place::Gradient, crash == 6 ? 2 : 0,
                folder.path().toStdString());
            QCOMPARE(run.last, expected.last);
            compareMetrics(run.recorded, expected.recorded);
        }
    }

    void referenceThatIsNotFinite()
    {
        Model policy = tiny(), reference = tiny();
        {
            const at::NoGradGuard noGrad;
            lastNorm(reference).fill_(std::nan(""));
        }
        const std::string before = modelDigest(policy);
        Recorded recorded;
        prepare(recorded, StageKind::Dpo, {{"learning_rate", 1e-3}});
        const std::string message = messageOf([&] { trainDpo(policy, &reference, pairs(8), recorded.context); });
        QVERIFY2(message.find("Step 1: the loss (with rewards/chosen") == 0, message.c_str());
        QCOMPARE(modelDigest(policy), before);
        QVERIFY(std::isnan(recorded.at(0, "loss")));
    }

    /// Each of the five models, spoilt at each of the places of two rollouts: nothing that is not finite ever gets into
    /// a weight, and the run ends with a sentence, or with rollback to its end.
    void ppoAnywhere_data()
    {
        QTest::addColumn<int>("model");
        QTest::addColumn<bool>("rollback");
        constexpr std::array names {"policy", "value", "reward", "reference", "sft"};
        for (std::size_t i = 0; i < names.size(); ++i)
            for (const bool rollback : {false, true})
                QTest::addRow("%s, %s", names[i], rollback ? "rollback" : "stop") << int(i) << rollback;
    }
    void ppoAnywhere()
    {
        QFETCH(int, model);
        QFETCH(bool, rollback);
        Values settings = kSmallPpo;
        settings.push_back({"max_steps", I(2)});
        settings.push_back({"value_warmup_rollouts", I(0)});
        settings.push_back({"on_divergence", std::string(rollback ? "rollback" : "stop")});
        std::set<std::string> found;
        for (int at = 1;; ++at) {
            QTemporaryDir folder;
            Model policy = tiny(), reference = tiny(), sft = tiny(), reward = rewardModelFrom(tiny(), 3),
                  value = cloneModel(reward);
            const std::array<const Model*, 5> models {&policy, &value, &reward, &reference, &sft};
            Recorded recorded;
            prepare(recorded, StageKind::Ppo, settings);
            recorded.context.checkpoints = folder.path().toStdString();
            Poison poison {lastNorm(*models[std::size_t(model)]), at};
            recorded.context.breathe = [&] { poison(); };
            std::string message;
            try {
                trainPpo({policy, reference, reward, value, &sft}, prompts(12), recorded.context);
            } catch (const Error& error) {
                message = error.what();
            }
            const int places = poison.calls;
            poison.at = 0; // whole again, had it ended while it was spoilt
            poison();
            for (const Model* trained : {&policy, &value})
                for (const auto& [name, tensor] : trained->parameters())
                    QVERIFY2(tensor.isfinite().all().item<bool>(), name.c_str());
            QVERIFY2(message.empty() || message.find("not a finite number") != std::string::npos, message.c_str());
            if (rollback)
                QVERIFY2(message.empty() && recorded.steps.size() == 2, message.c_str());
            for (const std::string& text : recorded.warnings)
                message += text;
            const auto from = message.find(": ");
            if (from != std::string::npos)
                found.insert(message.substr(from + 2, message.find(" is not a finite") - from - 2));
            if (places < at)
                break; // that was after the end
        }
        QStringList names;
        for (const std::string& what : found)
            names << QString::fromStdString(what);
        qInfo("found: %s", qPrintable(names.join(QStringLiteral("; "))));
        constexpr std::array needed {"a log-probability of the policy", "a value", "a score of the reward model",
            "a log-probability of the reference", "a log-probability of the SFT model"};
        QVERIFY(found.contains(needed[std::size_t(model)]));
        if (model < 2)
            QVERIFY(found.contains(model == 0 ? "the loss of the policy" : "the loss of the value model"));
    }

    /// A gradient of the value model that is not finite keeps the policy from its step, too.
    void ppoGradients()
    {
        for (const bool ofPolicy : {true, false}) {
            std::optional<std::pair<std::string, std::string>> first;
            for (const I every : {1, 100}) {
                for (const bool rollback : {true, false}) {
                    QTemporaryDir folder;
                    Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 3),
                          value = cloneModel(reward);
                    policy.setRequiresGrad(true);
                    value.setRequiresGrad(true);
                    int backward = 0;
                    std::string policyBefore, valueBefore;
                    lastNorm(ofPolicy ? policy : value).register_hook([&](const at::Tensor& gradient) {
                        if (++backward != 11) // first micro-batch of the second minibatch of rollout 2
                            return gradient;
                        policyBefore = modelDigest(policy);
                        valueBefore = modelDigest(value);
                        return gradient * std::nan("");
                    });
                    Values settings = kSmallPpo;
                    settings.push_back({"value_warmup_rollouts", I(0)});
                    settings.push_back({"checkpoint_every", every});
                    settings.push_back({"on_divergence", std::string(rollback ? "rollback" : "stop")});
                    Recorded recorded;
                    prepare(recorded, StageKind::Ppo, settings);
                    recorded.context.checkpoints = folder.path().toStdString();
                    const std::string message = messageOf([&] {
                        trainPpo({policy, reference, reward, value, nullptr}, prompts(12), recorded.context);
                    });
                    if (!rollback) {
                        QVERIFY2(message.find("Rollout 2, minibatch 2: the gradient of the ") == 0, message.c_str());
                        QCOMPARE(modelDigest(policy), policyBefore);
                        QCOMPARE(modelDigest(value), valueBefore);
                        QVERIFY(std::isnan(recorded.at(1, "loss/policy_avg")));
                        continue;
                    }
                    QCOMPARE(recorded.steps.size(), std::size_t(3));
                    QVERIFY(std::isnan(recorded.at(1, "loss/value_avg")));
                    QVERIFY(std::isfinite(recorded.at(2, "loss/value_avg")));
                    const std::pair digests {modelDigest(policy), modelDigest(value)};
                    if (!first)
                        first = digests;
                    QVERIFY(*first == digests);
                }
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestDivergence)
#include "tst_divergence.moc"
