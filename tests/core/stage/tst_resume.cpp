// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"
#include "core/stage/pair_batch.h"
#include "core/stage/reference_cache.h"
#include "core/stage/training_loop.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "tests/common/message_of.h"
#include "tests/core/stage/stage_fixture.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <fstream>
#include <set>

using namespace mpo;
using namespace stage_fixture;
namespace fs = std::filesystem;

/// Checkpoints of real stages: written when asked for, kept by the settings, gone on with bit for bit, refused when
/// they are of something else.
class TestResume : public QObject
{
    Q_OBJECT

    static std::set<std::string> stepsIn(const fs::path& folder)
    {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder))
            if (entry.is_directory())
                names.insert(entry.path().filename().string());
        return names;
    }
    using Names = std::set<std::string>;

    const Values kDpo {{"learning_rate", 1e-3}, {"batch_size", I(4)}, {"max_steps", I(6)}, {"checkpoint_every", I(1)}};
    /// Responses are random, so that soon only the training examples are learnt. 18 of them, 6 held out.
    const Values kEvaluated {{"learning_rate", 1e-2}, {"batch_size", I(6)}, {"epochs", 20.0},
        {"checkpoint_every", I(3)}, {"eval_share", 0.25}, {"eval_every", I(2)}, {"load_best_at_end", true},
        {"early_stop_patience", I(3)}, {"lr_schedule", std::string("constant")}};

    static std::pair<StageOutcome, std::string> sft(Recorded& recorded, const Values& settings)
    {
        Model model = tiny();
        prepare(recorded, StageKind::Sft, settings);
        const StageOutcome outcome = trainSft(model, pairs(24), recorded.context);
        return {outcome, modelDigest(model)};
    }

    static std::pair<StageOutcome, std::string> dpo(Recorded& recorded, const Values& settings, int count = 24)
    {
        Model model = tiny();
        prepare(recorded, StageKind::Dpo, settings);
        const StageOutcome outcome = trainDpo(model, nullptr, pairs(count), recorded.context);
        return {outcome, modelDigest(model)};
    }

    /// Crashes at every place where the stage asks whether to stop, right after a checkpoint was asked for and written
    /// there; begun again, it ends as a run in one go.
    template<class RunStage>
    static void askedForAnywhere(const Values& settings, const RunStage& runStage, int fewest)
    {
        Recorded whole;
        const auto expected = runStage(whole, settings);
        int places = 0;
        for (int place = 1;; ++place) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = fs::path(folder.path().toStdString()) / "checkpoints";
            int calls = 0;
            std::vector<std::pair<std::int64_t, bool>> written;
            recorded.context.breathe = [&] {
                if (!written.empty())
                    throw Crash();
                ++calls;
            };
            recorded.context.checkpointAsked = [&] { return calls == place && written.empty(); };
            recorded.context.checkpointWritten
                = [&](std::int64_t step, bool requested) { written.emplace_back(step, requested); };
            try {
                QVERIFY(runStage(recorded, settings) == expected);
                QVERIFY(written.empty());
                break;
            } catch (const Crash&) {
            }
            ++places;
            QVERIFY(written.size() == 1 && written[0].second);
            recorded.context.breathe = {};
            recorded.context.checkpointAsked = {};
            QVERIFY2(runStage(recorded, settings) == expected, qPrintable(QString::number(place)));
            compareMetrics(recorded, whole);
        }
        QVERIFY2(places >= fewest, qPrintable(QString::number(places)));
    }

private Q_SLOTS:
    void checkpointOnRequest()
    {
        Values settings = kDpo;
        settings.push_back({"checkpoint_every", I(0)});
        askedForAnywhere(
            settings, [](Recorded& recorded, const Values& values) { return dpo(recorded, values).second; }, 12);
    }

    void checkpointOnRequestInPpo()
    {
        askedForAnywhere(
            kSmallPpo,
            [](Recorded& recorded, const Values& values) {
                const auto [outcome, policy, value] = runPpo(recorded, values);
                return policy + value;
            },
            30);
    }

    void keepsAsManyAsWanted()
    {
        for (const I keep : {1, 3}) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = folder.path().toStdString();
            Values settings = kDpo;
            settings.push_back({"keep_checkpoints", keep});
            dpo(recorded, settings);
            QCOMPARE(stepsIn(recorded.context.checkpoints), keep == 1 ? Names {"5"} : (Names {"3", "4", "5"}));
        }
    }

    void byMinutes()
    {
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        int written = 0;
        recorded.context.checkpointWritten = [&](std::int64_t, bool) { ++written; };
        Values settings = kDpo;
        settings.push_back({"checkpoint_every", I(0)});
        settings.push_back({"max_steps", I(60)});
        settings.push_back({"checkpoint_minutes", 1e-9});
        dpo(recorded, settings);
        // At once after the first step, then no more often than 3 % of the time allows.
        QVERIFY2(written >= 1 && written < 30, qPrintable(QString::number(written)));
        written = 0;
        QTemporaryDir other;
        recorded.context.checkpoints = other.path().toStdString();
        settings.push_back({"checkpoint_minutes", 0.0});
        dpo(recorded, settings);
        QCOMPARE(written, 0);
    }

    void whatIsThrownAwayIsNotWritten()
    {
        for (const bool discards : {false, true}) {
            QTemporaryDir folder;
            Recorded recorded;
            std::stop_source stop;
            recorded.context.checkpoints = folder.path().toStdString();
            recorded.context.stop = stop.get_token();
            recorded.context.discards = [&] { return discards; };
            int calls = 0;
            recorded.context.breathe = [&] {
                if (++calls == 8)
                    stop.request_stop();
            };
            Values settings = kDpo;
            settings.push_back({"checkpoint_every", I(0)});
            QVERIFY(dpo(recorded, settings).first.stopped);
            QCOMPARE(stepsIn(recorded.context.checkpoints).empty(), discards);
        }
    }

    /// The evaluation gets worse after a while: the run stops, and its model is the best one and not the last.
    void stopsEarlyWithTheBestModel()
    {
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        const auto [outcome, digest] = sft(recorded, kEvaluated);
        QVERIFY(outcome.endedEarly && !outcome.stopped);
        QVERIFY2(outcome.note.find("eval_loss has not become better in 3 evaluations") != std::string::npos,
            outcome.note.c_str());
        std::vector<double> losses;
        for (std::int64_t step = 2; step <= outcome.steps; step += 2)
            losses.push_back(recorded.at(std::size_t(step) - 1, "eval_loss"));
        const auto best = std::min_element(losses.begin(), losses.end());
        QCOMPARE(outcome.bestStep, 2 * (best - losses.begin() + 1));
        QCOMPARE(outcome.steps, outcome.bestStep + 2 * 3);
        QVERIFY(stepsIn(recorded.context.checkpoints).contains(std::to_string(outcome.bestStep)));

        // The best one is what a run of that many steps ends with.
        Recorded shorter;
        Values settings = kEvaluated;
        settings.push_back({"max_steps", outcome.bestStep});
        QCOMPARE(sft(shorter, settings).second, digest);

        // Without a folder the best weights are kept in memory.
        Recorded inMemory;
        const auto [outcomeInMemory, digestInMemory] = sft(inMemory, kEvaluated);
        QCOMPARE(outcomeInMemory.bestStep, outcome.bestStep);
        QCOMPARE(digestInMemory, digest);
    }

    void earlyStopIsTheSameAfterACrashAnywhere()
    {
        QTemporaryDir first;
        Recorded whole;
        whole.context.checkpoints = first.path().toStdString();
        const auto [expected, digest] = sft(whole, kEvaluated);
        QVERIFY(expected.endedEarly);
        for (std::int64_t crash = 1; crash <= expected.steps; ++crash) {
            QTemporaryDir folder;
            Recorded recorded;
            recorded.context.checkpoints = folder.path().toStdString();
            recorded.crashAt = crash;
            QVERIFY_THROWS_EXCEPTION(Crash, sft(recorded, kEvaluated));
            recorded.crashAt = 0;
            const auto [outcome, resumed] = sft(recorded, kEvaluated);
            QCOMPARE(outcome.steps, expected.steps);
            QCOMPARE(outcome.bestStep, expected.bestStep);
            QCOMPARE(outcome.note, expected.note);
            QCOMPARE(resumed, digest);
            compareMetrics(recorded, whole);
        }
    }

    void bestThatIsLostLeavesTheLast()
    {
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        const auto [outcome, digest] = sft(recorded, kEvaluated);
        const auto best = recorded.context.checkpoints / std::to_string(outcome.bestStep);
        fs::resize_file(best / "state.safetensors", 100);
        const auto [resumed, last] = sft(recorded, kEvaluated);
        QVERIFY(resumed.resumedAt > resumed.bestStep);
        QCOMPARE(resumed.bestStep, outcome.bestStep);
        QVERIFY(last != digest);
        QVERIFY(recorded.warnings.size() == 1
            && recorded.warnings[0].find("the best model, is missing or damaged") != std::string::npos);
    }

    void refusesWhatIsOfSomethingElse()
    {
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        recorded.crashAt = 4;
        QVERIFY_THROWS_EXCEPTION(Crash, dpo(recorded, kDpo));
        recorded.crashAt = 0;
        const auto with = [&](const char* name, const SettingValue& value) {
            Values settings = kDpo;
            settings.push_back({name, value});
            return messageOf([&] { dpo(recorded, settings); });
        };
        const std::string rate = with("learning_rate", 2e-3);
        QVERIFY2(rate.find("step 3") != std::string::npos
                && rate.find("learning_rate was 0.001 and is 0.002") != std::string::npos
                && rate.find("--restart") != std::string::npos,
            rate.c_str());
        QVERIFY(with("beta", 0.2).find("beta was 0.1") != std::string::npos);
        const std::string data = messageOf([&] { dpo(recorded, kDpo, 23); });
        QVERIFY2(data.find("another data set") != std::string::npos, data.c_str());
        Model policy = tiny(), reference = tiny();
        {
            const at::NoGradGuard noGrad;
            at::Tensor last = reference.parameters().back().second;
            last.mul_(1.001);
        }
        const std::string other = messageOf([&] { trainDpo(policy, &reference, pairs(24), recorded.context); });
        QVERIFY2(other.find("another reference model") != std::string::npos, other.c_str());
        QCOMPARE(with("alarm_grad_norm", 3.0), std::string("no error")); // decides nothing
    }

    void ppoRefusesAnotherRewardModel()
    {
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        Values settings = kSmallPpo;
        settings.push_back({"checkpoint_every", I(1)});
        recorded.crashAt = 2;
        QVERIFY_THROWS_EXCEPTION(Crash, runPpo(recorded, settings));
        recorded.crashAt = 0;
        Model policy = tiny(), reference = tiny(), sft = tiny(), reward = rewardModelFrom(tiny(), 3),
              other = rewardModelFrom(tiny(), 4), value = cloneModel(reward);
        const auto message = [&](const PpoModels& models, int count = 12) {
            return messageOf([&] { trainPpo(models, prompts(count), recorded.context); });
        };
        QVERIFY(message({policy, reference, other, value, &sft}).find("another reward model") != std::string::npos);
        QVERIFY(message({policy, reward, reward, value, &sft}).find("another reference model") != std::string::npos);
        QVERIFY(message({policy, reference, reward, value, nullptr}).find("another SFT model") != std::string::npos);
        QVERIFY(
            message({policy, reference, reward, value, &sft}, 11).find("another set of prompts") != std::string::npos);
        QCOMPARE(message({policy, reference, reward, value, &sft}), std::string("no error"));
    }

    void warnsOnAnotherMachine()
    {
        const int threads = at::get_num_threads();
        QTemporaryDir folder;
        Recorded recorded;
        recorded.context.checkpoints = folder.path().toStdString();
        recorded.crashAt = 4;
        QVERIFY_THROWS_EXCEPTION(Crash, dpo(recorded, kDpo));
        recorded.crashAt = 0;
        at::set_num_threads(threads + 1);
        const auto outcome = dpo(recorded, kDpo).first;
        at::set_num_threads(threads);
        QCOMPARE(outcome.resumedAt, I(3));
        QCOMPARE(recorded.warnings.size(), std::size_t(1));
        QVERIFY2(recorded.warnings[0].find(fmt::format("number of threads was {} and is {}", threads, threads + 1))
                != std::string::npos,
            recorded.warnings[0].c_str());
    }

    /// Enough pairs for several batches of the reference.
    void cachingOfTheReferenceGoesOn()
    {
        const auto data = pairs(1000);
        Model reference = tiny();
        const auto expected = pairSums(reference, data);
        int batches = 0;
        pairSums(reference, data, [&](const PairSums&) { return ++batches > 0; });
        QVERIFY(batches >= 3);
        for (int stopAt = 1; stopAt < batches; ++stopAt) {
            QTemporaryDir folder;
            Recorded recorded;
            prepare(recorded, StageKind::Dpo, {});
            StageContext& context = recorded.context;
            context.checkpoints = folder.path().toStdString();
            std::stop_source stop;
            context.stop = stop.get_token();
            int calls = 0;
            context.breathe = [&] {
                if (++calls == stopAt)
                    stop.request_stop();
            };
            QVERIFY(!referenceSums(reference, data, context, "a"));
            context.stop = {};
            calls = 1000;
            std::vector<double> shares;
            context.progress = [&](const std::string&, double share, const std::string&) { shares.push_back(share); };
            const auto sums = referenceSums(reference, data, context, "a");
            QVERIFY(sums && sums->chosen == expected.chosen && sums->rejected == expected.rejected
                && sums->chosenTokens == expected.chosenTokens && sums->rejectedTokens == expected.rejectedTokens);
            QCOMPARE(int(shares.size()), batches - stopAt); // the others were not computed again
            shares.clear();
            QVERIFY(referenceSums(reference, data, context, "a")->chosen == expected.chosen);
            QVERIFY(shares.empty()); // all were there
            QVERIFY(referenceSums(reference, data, context, "b")->chosen == expected.chosen);
            QCOMPARE(int(shares.size()), batches); // of something else

            // One bit flipped anywhere in the numbers is seen.
            const auto file = context.checkpoints / "reference.safetensors";
            std::string bytes = readTextFile(file);
            for (const std::size_t place : {bytes.size() / 3, bytes.size() / 2, bytes.size() - 70}) {
                std::string flipped = bytes;
                flipped[place] = char(flipped[place] ^ 4);
                std::ofstream(file, std::ios::binary) << flipped;
                shares.clear();
                QVERIFY(referenceSums(reference, data, context, "b")->chosen == expected.chosen);
                QCOMPARE(int(shares.size()), batches);
            }
        }
    }

    /// A crash leaves what was written on the way.
    void cachingOfTheReferenceSurvivesACrash()
    {
        const auto data = pairs(1000);
        const Model reference = tiny();
        QTemporaryDir folder;
        Recorded recorded;
        prepare(recorded, StageKind::Dpo, {});
        StageContext& context = recorded.context;
        context.checkpoints = folder.path().toStdString();
        int calls = 0;
        context.breathe = [&] {
            if (++calls == 2)
                throw Crash();
        };
        QVERIFY_THROWS_EXCEPTION(Crash, referenceSums(reference, data, context, "a"));
        context.breathe = {};
        double firstShare = 0.0;
        context.progress = [&](const std::string&, double share, const std::string&) {
            if (firstShare == 0.0)
                firstShare = share;
        };
        const auto sums = referenceSums(reference, data, context, "a");
        QVERIFY(sums && sums->chosen == pairSums(reference, data).chosen);
        QVERIFY(firstShare > 0.6); // 4096 tokens of 11 a pair, twice
    }
};

QTEST_GUILESS_MAIN(TestResume)
#include "tst_resume.moc"
