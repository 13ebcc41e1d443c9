// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_folder.h"
#include "core/parallel/rank_place.h"
#include "core/stage/stages.h"
#include "core/support/random.h"
#include "tests/common/near.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <future>
#include <set>
#include <thread>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

constexpr double kNear = 1e-5; // sums in another order
using I = std::int64_t;
using Values = std::vector<std::pair<std::string, SettingValue>>;

/// Pairs of many lengths: chosen responses hold even tokens, rejected ones odd tokens.
TokenizedPairs pairs(int count)
{
    RandomStream random(5, "pairs");
    TokenizedPairs result;
    for (int i = 0; i < count; ++i) {
        TokenizedRow pair;
        for (std::int64_t t = 0, n = 1 + random.below(6); t < n; ++t)
            pair.prompt.push_back(TokenId(10 + random.below(80)));
        for (std::int64_t t = 0, n = 2 + random.below(5); t < n; ++t)
            pair.chosen.push_back(TokenId(10 + 2 * random.below(40)));
        for (std::int64_t t = 0, n = 2 + random.below(5); t < n; ++t)
            pair.rejected.push_back(TokenId(11 + 2 * random.below(40)));
        result.add(pair, i);
    }
    return result;
}

Model tiny() { return loadModel(fs::path(MPO_FIXTURES) / "model/tied"); }

/// What a rank has at the end of a stage.
struct Trained
{
    std::vector<std::int64_t> steps; ///< that were reported
    std::vector<Metrics> metrics;
    NamedTensors weights;
    StageOutcome outcome;
    std::string error;
    bool lost = false;
};

/// One stage on one rank. What every test varies is the settings, the stop and the folder of checkpoints.
struct Job
{
    StageKind stage = StageKind::Dpo;
    Values settings;
    int examples = 12;
    fs::path checkpoints; ///< of rank 0
    std::int64_t stopAfter = 0; ///< rank 0 asks for it after this step
    std::int64_t leaveAfter = 0; ///< the last rank ends after this step without a word
    int spoilAt = 0; ///< this backward pass of the last rank makes a gradient that is not finite
};

struct Leave
{
};

Trained train(const Job& job, std::shared_ptr<Communicator> ranks)
{
    at::set_num_threads(1);
    Trained result;
    std::stop_source stop;
    StageContext context;
    context.settings = Settings(job.stage);
    for (const auto& [name, value] : job.settings)
        context.settings.set(name, value);
    context.ranks = ranks;
    context.stop = stop.get_token();
    if (ranks->isFirst())
        context.checkpoints = job.checkpoints;
    context.metrics = [&](std::int64_t step, std::int64_t, const Metrics& metrics) {
        result.steps.push_back(step);
        result.metrics.push_back(metrics);
        if (step == job.stopAfter && ranks->isFirst())
            stop.request_stop();
        if (step == job.leaveAfter && ranks->rank() + 1 == ranks->size())
            throw Leave();
    };
    Model model = tiny();
    const auto adapt = [&](Model& adapted) {
        if (const std::int64_t rank = context.settings.integer("lora_rank"); rank > 0) {
            LoraOptions options;
            options.rank = rank;
            addAdapter(adapted, options, 1);
        }
    };
    const auto keep = [&](const Model& trained, const std::string& prefix) {
        for (const auto& [name, tensor] : trained.trainable())
            result.weights.emplace_back(prefix + name, tensor.detach().clone());
    };
    try {
        if (job.stage == StageKind::Ppo) {
            const Model reference = tiny(), reward = rewardModelFrom(tiny(), 3);
            Model value = cloneModel(reward);
            std::vector<TokenIds> prompts;
            for (const TokenizedPair& pair : pairs(job.examples))
                prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
            result.outcome = trainPpo({model, reference, reward, value, &reference}, prompts, context);
            keep(value, "value.");
        } else {
            if (job.stage == StageKind::Reward)
                model = rewardModelFrom(model, 3);
            adapt(model);
            int backward = 0;
            if (job.spoilAt > 0 && ranks->rank() + 1 == ranks->size()) {
                model.setRequiresGrad(true);
                model.trainable().front().second.register_hook([&backward, &job](const at::Tensor& gradient) {
                    return ++backward == job.spoilAt ? gradient * std::nan("") : gradient;
                });
            }
            const auto data = pairs(job.examples);
            result.outcome = job.stage == StageKind::Sft ? trainSft(model, data, context)
                : job.stage == StageKind::Reward         ? trainReward(model, data, context)
                                                         : trainDpo(model, nullptr, data, context);
        }
    } catch (const Leave&) {
    } catch (const LostRank& error) {
        result.lost = true;
        result.error = error.what();
    } catch (const Error& error) {
        result.error = error.what();
    }
    keep(model, "");
    return result;
}

/// Work of every rank, each on a thread of its own; c10d does not know that they share a process.
template<class Work>
auto onRanks(int size, const Work& work) -> std::vector<decltype(work(aloneCommunicator()))>
{
    using Result = decltype(work(aloneCommunicator()));
    if (size == 1)
        return {work(aloneCommunicator())};
    std::vector<std::future<Result>> others;
    const auto listening = [&](std::uint16_t port) {
        for (int rank = 1; rank < size; ++rank)
            others.push_back(std::async(std::launch::async, [&work, rank, size, port] {
                return work(connectRanks({rank, size, "127.0.0.1", port, false, true, "0"}));
            }));
    };
    std::vector<Result> results;
    results.push_back(work(connectRanks({0, size, "127.0.0.1", 0, true, true, "0"}, {listening, {}})));
    for (auto& other : others)
        results.push_back(other.get());
    return results;
}

std::vector<Trained> trainOn(int size, const Job& job)
{
    return onRanks(size, [&](std::shared_ptr<Communicator> ranks) { return train(job, std::move(ranks)); });
}

} // namespace

/// Several ranks make what one makes: every metric and every weight.
class TestRanks : public QObject
{
    Q_OBJECT

    static void compareMetrics(const Trained& actual, const Trained& expected)
    {
        const std::set<std::string> ofTheMachine {"step_seconds", "tokens_per_second", "peak_rss_mb"};
        QCOMPARE(actual.steps, expected.steps);
        for (std::size_t i = 0; i < expected.metrics.size(); ++i) {
            QCOMPARE(actual.metrics[i].size(), expected.metrics[i].size());
            for (std::size_t m = 0; m < expected.metrics[i].size(); ++m) {
                const Metric &is = actual.metrics[i][m], &should = expected.metrics[i][m];
                QCOMPARE(is.name, should.name);
                if (!ofTheMachine.contains(should.name))
                    QVERIFY2(std::abs(is.value - should.value) <= kNear * std::max(1.0, std::abs(should.value)),
                        qPrintable(QStringLiteral("step %1 %2: %3 instead of %4")
                                       .arg(expected.steps[i])
                                       .arg(QString::fromStdString(should.name))
                                       .arg(is.value)
                                       .arg(should.value)));
            }
        }
    }
    static void compareWeights(const Trained& actual, const Trained& expected, double near)
    {
        QCOMPARE(actual.weights.size(), expected.weights.size());
        for (std::size_t i = 0; i < expected.weights.size(); ++i) {
            const double difference
                = (actual.weights[i].second - expected.weights[i].second).abs().max().item<double>();
            QVERIFY2(difference <= near,
                qPrintable(
                    QStringLiteral("%1: %2").arg(QString::fromStdString(expected.weights[i].first)).arg(difference)));
        }
    }
    static void compareAll(const std::vector<Trained>& ranks, const Trained& expected)
    {
        for (const Trained& rank : ranks) {
            QCOMPARE(rank.error, expected.error);
            compareMetrics(rank, expected);
            compareWeights(rank, expected, kNear);
            compareWeights(rank, ranks.front(), 0.0);
        }
    }

private Q_SLOTS:
    void makesWhatOneProcessMakes_data()
    {
        QTest::addColumn<int>("stage");
        QTest::addColumn<int>("ranks");
        QTest::addColumn<Values>("settings");
        QTest::addColumn<int>("examples");
        const auto row = [](const char* name, StageKind stage, int ranks, const Values& more, int examples = 12) {
            // Adam divides by the size of a gradient: with its usual epsilon one that is rounding only moves a weight
            // as far.
            Values settings {{"learning_rate", 1e-3}, {"max_steps", I(4)}, {"adam_epsilon", 1e-6}};
            settings.insert(settings.end(), more.begin(), more.end());
            QTest::newRow(name) << int(stage) << ranks << settings << examples;
        };
        const Values four {{"batch_size", I(4)}, {"eval_share", 0.25}, {"eval_every", I(2)}};
        const Values accumulated {{"batch_size", I(2)}, {"gradient_accumulation", I(3)}};
        row("sft", StageKind::Sft, 2, four);
        row("sft, accumulated, 3 ranks", StageKind::Sft, 3, accumulated);
        row("reward", StageKind::Reward, 2, four);
        row("reward, accumulated", StageKind::Reward, 2, accumulated);
        row("dpo", StageKind::Dpo, 2, four);
        row("dpo, accumulated, 3 ranks", StageKind::Dpo, 3, accumulated);
        row("dpo, examples one by one", StageKind::Dpo, 2, {{"batch_size", I(1)}, {"gradient_accumulation", I(4)}});
        Values lora = accumulated;
        lora.insert(lora.end(), {{"lora_rank", I(4)}, {"learning_rate", 1e-2}});
        row("dpo, lora", StageKind::Dpo, 2, lora);
        row("dpo, ipo", StageKind::Dpo, 2, {{"batch_size", I(5)}, {"loss", std::string("ipo")}});
        Values sorted = accumulated;
        sorted.emplace_back("loss", std::string("aot"));
        row("dpo, aot", StageKind::Dpo, 2, sorted);
        // Steps of 4, 4 and 2 examples: the third rank has none in the last.
        row("dpo, fewer examples than ranks", StageKind::Dpo, 3, {{"batch_size", I(4)}}, 10);
        row("reward, fewer examples than ranks", StageKind::Reward, 3, {{"batch_size", I(4)}}, 10);
        const Values ppo {{"value_learning_rate", 1e-3}, {"rollout_batch", I(7)}, {"minibatch_size", I(5)},
            {"micro_batch", I(2)}, {"ppo_epochs", I(2)}, {"max_new_tokens", I(4)}, {"max_steps", I(3)},
            {"kl_adaptive", true}, {"kl_horizon", 100.0}, {"normalize_scores", std::string("running")}};
        row("ppo", StageKind::Ppo, 2, ppo);
        row("ppo, 3 ranks", StageKind::Ppo, 3, ppo);
    }
    void makesWhatOneProcessMakes()
    {
        QFETCH(int, stage);
        QFETCH(int, ranks);
        QFETCH(Values, settings);
        QFETCH(int, examples);
        const Job job {StageKind(stage), settings, examples, {}, 0, 0, 0};
        const Trained alone = trainOn(1, job).front();
        QCOMPARE(alone.error, std::string());
        QVERIFY(alone.metrics.size() >= 3);
        compareAll(trainOn(ranks, job), alone);
    }

    void scoresWhatOneProcessScores()
    {
        const auto data = pairs(700); // several batches, and not a multiple of the ranks
        const auto score = [&](std::shared_ptr<Communicator> ranks) {
            at::set_num_threads(1);
            StageContext context;
            context.ranks = std::move(ranks);
            return scorePairs(rewardModelFrom(tiny(), 3), data, context);
        };
        const auto alone = onRanks(1, score).front();
        for (const auto& scores : onRanks(3, score)) {
            QCOMPARE(scores.size(), alone.size());
            for (std::size_t i = 0; i < alone.size(); ++i) {
                QCOMPARE(scores[i].chosen, alone[i].chosen);
                QCOMPARE(scores[i].rejected, alone[i].rejected);
            }
        }
    }

    void goesOnWithAnotherNumberOfRanks_data()
    {
        QTest::addColumn<int>("stage");
        QTest::addColumn<Values>("settings");
        QTest::newRow("dpo") << int(StageKind::Dpo)
                             << Values {{"learning_rate", 1e-3}, {"batch_size", I(4)}, {"max_steps", I(4)}};
        QTest::newRow("ppo") << int(StageKind::Ppo)
                             << Values {{"learning_rate", 1e-5}, {"rollout_batch", I(6)}, {"minibatch_size", I(3)},
                                    {"max_new_tokens", I(4)}, {"max_steps", I(4)}};
    }
    void goesOnWithAnotherNumberOfRanks()
    {
        QFETCH(int, stage);
        QFETCH(Values, settings);
        const QTemporaryDir folder;
        Job job {StageKind(stage), settings, 12, {}, 0, 0, 0};
        const Trained whole = trainOn(1, job).front();
        job.checkpoints = folder.path().toStdString();
        Trained parts;
        for (const auto& [ranks, stopAfter] :
            {std::pair(2, I(1)), std::pair(3, I(2)), std::pair(1, I(3)), std::pair(2, I(0))}) {
            job.stopAfter = stopAfter;
            const auto results = trainOn(ranks, job);
            for (const Trained& rank : results) {
                QCOMPARE(rank.error, std::string());
                QCOMPARE(rank.outcome.stopped, stopAfter > 0);
                QCOMPARE(rank.outcome.steps, stopAfter > 0 ? stopAfter : I(4));
            }
            parts.steps.insert(parts.steps.end(), results[0].steps.begin(), results[0].steps.end());
            parts.metrics.insert(parts.metrics.end(), results[0].metrics.begin(), results[0].metrics.end());
            parts.weights = results[0].weights;
        }
        compareMetrics(parts, whole);
        compareWeights(parts, whole, kNear);
    }

    void keepsWhatIsDoneWhenARankIsLost_data() { goesOnWithAnotherNumberOfRanks_data(); }
    void keepsWhatIsDoneWhenARankIsLost()
    {
        QFETCH(int, stage);
        QFETCH(Values, settings);
        const QTemporaryDir folder;
        Job job {StageKind(stage), settings, 12, {}, 0, 0, 0};
        const Trained whole = trainOn(1, job).front();
        job.checkpoints = folder.path().toStdString();
        job.leaveAfter = 2;
        const auto results = trainOn(3, job);
        for (std::size_t rank = 0; rank < 2; ++rank) {
            QVERIFY(results[rank].lost);
            QVERIFY2(results[rank].error.find("goes on") != std::string::npos, results[rank].error.c_str());
            QCOMPARE(results[rank].steps.size(), std::size_t(2));
        }
        job.leaveAfter = 0;
        const auto resumed = trainOn(2, job);
        QCOMPARE(resumed[0].outcome.resumedAt, I(2));
        compareWeights(resumed[0], whole, kNear);
    }

    void seesWhatIsNotFiniteOnOneRank()
    {
        Job job {StageKind::Dpo, {{"learning_rate", 1e-3}, {"batch_size", I(4)}, {"max_steps", I(5)}}, 12, {}, 0, 0, 0};
        job.spoilAt = 3;
        const auto results = trainOn(2, job);
        for (const Trained& rank : results) {
            QVERIFY2(rank.error.find("Step 3") != std::string::npos && rank.error.find("gradient") != std::string::npos,
                rank.error.c_str());
            QVERIFY(!rank.lost);
            QCOMPARE(rank.steps.size(), std::size_t(3));
            compareWeights(rank, results.front(), 0.0);
        }
    }

    void goesBackTogether()
    {
        const QTemporaryDir folders;
        Job job {StageKind::Dpo,
            {{"learning_rate", 1e-3}, {"batch_size", I(4)}, {"max_steps", I(6)}, {"checkpoint_every", I(2)},
                {"on_divergence", std::string("rollback")}},
            12, {}, 0, 0, 0};
        job.spoilAt = 4; // after the checkpoint of step 2 and a step more
        const auto with = [&](int ranks) {
            job.checkpoints = fs::path(folders.path().toStdString()) / std::to_string(ranks);
            return trainOn(ranks, job);
        };
        const Trained alone = with(1).front();
        QCOMPARE(alone.error, std::string());
        QCOMPARE(alone.steps, (std::vector<std::int64_t> {1, 2, 3, 4, 3, 4, 5, 6}));
        for (const Trained& rank : with(2)) {
            QCOMPARE(rank.error, std::string());
            QCOMPARE(rank.steps, alone.steps);
            compareWeights(rank, alone, kNear);
        }
    }

    void takesTheSameBest()
    {
        const QTemporaryDir folders;
        Job job {StageKind::Reward,
            {{"learning_rate", 0.05}, {"batch_size", I(4)}, {"max_steps", I(8)}, {"eval_share", 0.25},
                {"eval_every", I(1)}, {"load_best_at_end", true}},
            12, {}, 0, 0, 0};
        const auto with = [&](int ranks) {
            job.checkpoints = fs::path(folders.path().toStdString()) / std::to_string(ranks);
            return trainOn(ranks, job);
        };
        const Trained alone = with(1).front();
        QCOMPARE(alone.error, std::string());
        const auto ranks = with(2);
        for (const Trained& rank : ranks)
            compareWeights(rank, alone, kNear);
        compareWeights(ranks[1], ranks[0], 0.0);
        job.settings.back().second = false;
        QVERIFY(
            !at::equal(trainOn(1, job).front().weights.front().second, alone.weights.front().second)); // not the last
    }

    void seesDifferentData()
    {
        const auto results = onRanks(2, [&](std::shared_ptr<Communicator> ranks) {
            Job job {StageKind::Sft, {{"max_steps", I(1)}}, 12, {}, 0, 0, 0};
            job.examples += ranks->rank();
            return train(job, std::move(ranks));
        });
        for (const Trained& rank : results)
            QVERIFY2(rank.error.find("do not see the same examples") != std::string::npos, rank.error.c_str());
    }

    void pausesTogether()
    {
        std::atomic<bool> paused {true};
        std::atomic<int> passed {0};
        std::jthread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            QCOMPARE(passed.load(), 0);
            paused = false;
        });
        onRanks(2, [&](std::shared_ptr<Communicator> ranks) {
            StageContext context;
            context.ranks = ranks;
            if (ranks->isFirst())
                context.paused = [&] { return paused.load(); };
            const bool stopped = context.stopped();
            ++passed;
            return stopped;
        });
        QCOMPARE(passed.load(), 2);
    }
};

QTEST_GUILESS_MAIN(TestRanks)
#include "tst_ranks.moc"
