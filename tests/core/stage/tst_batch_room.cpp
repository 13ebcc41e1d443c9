// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_folder.h"
#include "core/stage/batch_room.h"
#include "core/stage/checkpoint.h"
#include "core/stage/stages.h"
#include "core/support/error.h"
#include "core/support/out_of_memory.h"
#include "core/support/random.h"

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include <cmath>
#include <new>

using namespace mpo;
namespace fs = std::filesystem;

/// Allocations that fail while a real training runs: smaller micro-batches, the same numbers.
class TestBatchRoom : public QObject
{
    Q_OBJECT

    using I = std::int64_t;

    static Model tiny() { return loadModel(fs::path(MPO_FIXTURES) / "model/tied"); }
    static TokenizedPairs pairs(int count)
    {
        RandomStream random(5, "pairs");
        TokenizedPairs result;
        for (int i = 0; i < count; ++i) {
            TokenizedRow pair;
            for (std::int64_t t = 0; t < 2 + random.below(4); ++t)
                pair.prompt.push_back(TokenId(10 + random.below(80)));
            for (std::int64_t t = 0; t < 2 + random.below(5); ++t)
                pair.chosen.push_back(TokenId(10 + 2 * random.below(40)));
            for (std::int64_t t = 0; t < 2 + random.below(5); ++t)
                pair.rejected.push_back(TokenId(11 + 2 * random.below(40)));
            result.add(pair, i);
        }
        return result;
    }

    struct Trained
    {
        NamedTensors weights;
        std::vector<Metrics> steps;
        std::vector<std::string> warnings;
        std::string error;
        int breaths = 0;
    };
    /// The stage is asked whether to stop at every micro-batch; the allocation fails at the given calls.
    static Trained train(StageKind stage, const std::function<bool(int call)>& fails, const fs::path& checkpoints = {})
    {
        StageContext context;
        Settings& settings = context.settings = Settings(stage);
        settings.set("learning_rate", 1e-3);
        settings.set("max_steps", I(3));
        if (stage == StageKind::Ppo) {
            for (const auto& [name, value] : std::initializer_list<std::pair<const char*, I>> {{"rollout_batch", 8},
                     {"minibatch_size", 8}, {"micro_batch", 4}, {"ppo_epochs", 2}, {"max_new_tokens", 4}})
                settings.set(name, value);
        } else {
            settings.set("batch_size", I(4));
            settings.set("gradient_accumulation", I(2));
            settings.set("eval_share", 0.0);
            settings.set("checkpoint_every", I(1));
        }
        Trained trained;
        context.checkpoints = checkpoints;
        context.metrics = [&](std::int64_t, std::int64_t, const Metrics& m) { trained.steps.push_back(m); };
        context.warning = [&](const std::string& text) { trained.warnings.push_back(text); };
        context.breathe = [&] {
            if (fails && fails(++trained.breaths))
                throw std::bad_alloc();
        };
        const auto data = pairs(16);
        Model policy = stage == StageKind::Reward ? rewardModelFrom(tiny(), 3) : tiny();
        try {
            if (stage == StageKind::Sft)
                trainSft(policy, data, context);
            else if (stage == StageKind::Reward)
                trainReward(policy, data, context);
            else if (stage == StageKind::Dpo)
                trainDpo(policy, nullptr, data, context);
            else {
                std::vector<TokenIds> prompts;
                for (const TokenizedPair& pair : data)
                    prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
                const Model reference = tiny(), reward = rewardModelFrom(tiny(), 3);
                Model value = cloneModel(reward);
                trainPpo({policy, reference, reward, value, nullptr}, prompts, context);
            }
        } catch (const std::exception& error) {
            trained.error = error.what();
        }
        trained.weights = policy.parameters();
        return trained;
    }
    /// Of the two results, as a share of how far the training went.
    static double distance(const NamedTensors& a, const NamedTensors& b, const NamedTensors& start)
    {
        double apart = 0.0, gone = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            apart += (a[i].second - b[i].second).square().sum().item<double>();
            gone += (b[i].second - start[i].second).square().sum().item<double>();
        }
        return std::sqrt(apart / gone);
    }

private Q_SLOTS:
    void partsKeepTheirWeight()
    {
        BatchRoom room(8, true, {});
        const std::vector<StepPart> parts {{0, 8, 0.5, "0"}, {8, 5, 0.5, "1"}};
        QCOMPARE(room.fit(parts).size(), std::size_t(2));
        QVERIFY(!room.shrink(std::runtime_error("the loss is not a number")));
        QVERIFY(room.shrink(std::bad_alloc()));
        QVERIFY(room.shrink(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8")));
        QCOMPARE(room.largest(), I(2));
        double weight = 0.0;
        I next = 0;
        for (const StepPart& part : room.fit(parts)) {
            QCOMPARE(part.first, next);
            QVERIFY(part.count >= 1 && part.count <= 2);
            next += part.count;
            weight += part.weight;
        }
        QCOMPARE(next, I(13));
        QVERIFY(std::abs(weight - 1.0) < 1e-12);
        QVERIFY(room.shrink(std::bad_alloc()));
        QVERIFY(!room.shrink(std::bad_alloc()));
        QVERIFY(!BatchRoom(8, false, {}).shrink(std::bad_alloc()));
    }

    void sameResults_data()
    {
        QTest::addColumn<int>("stage");
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo})
            QTest::newRow(stageName(stage).data()) << int(stage);
    }

    /// The allocation fails once, at each moment in turn: where it was in a micro-batch, the run goes on with halves.
    void sameResults()
    {
        QFETCH(int, stage);
        const Trained whole = train(StageKind(stage), [](int) { return false; });
        QVERIFY2(whole.error.empty(), whole.error.c_str());
        QCOMPARE(whole.steps.size(), std::size_t(3));
        const NamedTensors start
            = (StageKind(stage) == StageKind::Reward ? rewardModelFrom(tiny(), 3) : tiny()).parameters();
        int halved = 0;
        for (int call = 1; call <= whole.breaths; ++call) {
            const Trained part = train(StageKind(stage), [call](int now) { return now == call; });
            if (!part.error.empty())
                continue; // before or between steps: nothing smaller to try there
            ++halved;
            QCOMPARE(part.warnings.size(), std::size_t(1));
            QVERIFY(part.warnings[0].find("Memory does not suffice for 4") == 0);
            const double far = distance(part.weights, whole.weights, start);
            QVERIFY2(far < 1e-3, qPrintable(QStringLiteral("call %1: %2").arg(call).arg(far)));
            for (std::size_t step = 0; step < 3; ++step)
                for (std::size_t i = 0; i < whole.steps[step].size(); ++i) {
                    const Metric &is = part.steps[step][i], &was = whole.steps[step][i];
                    if (was.name.find("second") == std::string::npos && was.name != "peak_rss_mb")
                        QVERIFY2(std::abs(is.value - was.value) < 1e-3 * std::max(1.0, std::abs(was.value)),
                            was.name.c_str());
                }
        }
        QVERIFY2(halved >= 6, qPrintable(QString::number(halved))); // every micro-batch of three steps
    }

    /// At one example nothing smaller is left: the run ends, and what was done is on disk.
    void endsWithACheckpoint()
    {
        const QTemporaryDir folder;
        const fs::path checkpoints = folder.path().toStdString();
        int calls = 0;
        // Steps 1 and 2 go through (a call before each and two in each); then memory is gone for good.
        const Trained trained = train(
            StageKind::Sft,
            [&](int call) {
                calls = call;
                return call > 7;
            },
            checkpoints);
        QVERIFY2(trained.error.find("There is not enough memory, even with one example") == 0, trained.error.c_str());
        QCOMPARE(trained.warnings.size(), std::size_t(2)); // 4 -> 2 -> 1
        QCOMPARE(trained.steps.size(), std::size_t(2));
        const auto checkpoint = readNewestCheckpoint(checkpoints);
        QVERIFY(checkpoint);
        QCOMPARE(checkpoint->step, I(2));
    }
};

QTEST_GUILESS_MAIN(TestBatchRoom)
#include "tst_batch_room.moc"
