// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/engine.h"
#include "core/store/project.h"
#include "tests/cli/tiny_model.h"

#include <QTemporaryDir>
#include <QTest>

#include <condition_variable>
#include <fstream>
#include <mutex>

using namespace mpo;
namespace fs = std::filesystem;

/// The engine with its real commands: what it is asked for while a training goes on, and what stays on disk.
class TestTrainCommand : public QObject
{
    Q_OBJECT

    QTemporaryDir m_root;
    fs::path path(const char* name) const { return fs::path(m_root.path().toStdString()) / name; }

    /// An engine on a new project that remembers what it hears.
    struct Session
    {
        explicit Session(const fs::path& folder)
            : project(Project::open(folder))
            , engine(project, [this](Event event) {
                {
                    const std::lock_guard lock(mutex);
                    events.push_back(std::move(event));
                }
                wake.notify_all();
            })
        {
        }
        /// Waits for the next event of this kind that was not waited for before.
        template<class Wanted>
        Wanted next()
        {
            std::unique_lock lock(mutex);
            const auto found = [&] {
                while (read < events.size() && !std::holds_alternative<Wanted>(events[read]))
                    ++read;
                return read < events.size();
            };
            if (!wake.wait_for(lock, std::chrono::seconds(30), found))
                qFatal("the event did not come");
            return std::get<Wanted>(events[read++]);
        }
        std::string warnings()
        {
            const std::lock_guard lock(mutex);
            std::string all;
            for (const Event& event : events)
                if (const auto* line = std::get_if<LogLine>(&event); line && line->level == LogLine::Level::Warning)
                    all += line->text + "\n";
            return all;
        }

        std::shared_ptr<Project> project;
        std::mutex mutex;
        std::condition_variable wake;
        std::vector<Event> events;
        std::size_t read = 0;
        Engine engine;
    };

    TrainStage training(
        std::int64_t steps, const std::vector<std::pair<std::string, SettingValue>>& settings = {}) const
    {
        TrainStage train;
        train.stage = StageKind::Dpo;
        train.model = path("tiny").string();
        train.data = path("pairs.jsonl").string();
        train.out = "out";
        train.settings = Settings(StageKind::Dpo);
        train.settings.set("max_steps", steps);
        train.settings.set("learning_rate", 1e-2);
        for (const auto& [name, value] : settings)
            train.settings.set(name, value);
        return train;
    }
    static constexpr std::int64_t kEndless = 1'000'000;

private Q_SLOTS:
    void initTestCase()
    {
        tiny_model::write(QString::fromStdString(path("tiny").string()));
        std::ofstream file(path("pairs.jsonl"));
        for (int i = 1; i <= 9; ++i)
            file << R"({"prompt_ids":[1,)" << i << R"(],"chosen_ids":[)" << i << R"(,4,10],"rejected_ids":[)" << 10 - i
                 << ",10]}\n";
    }

    /// Also while it is paused, and then it stays paused.
    void checkpointOnRequest()
    {
        Session session(path("request.mpo"));
        session.engine.checkpoint(); // nothing runs: without effect
        session.engine.post(training(kEndless));
        const auto run = session.next<RunStarted>().run;
        session.next<MetricsLogged>();
        session.engine.checkpoint();
        const auto first = session.next<CheckpointWritten>();
        QVERIFY(first.requested && first.run == run && first.step >= 1);
        const auto folder = session.project->runFolder(run) / "checkpoints";
        QVERIFY(fs::exists(folder / std::to_string(first.step) / "MANIFEST.json"));

        session.engine.pause();
        session.engine.checkpoint();
        const auto second = session.next<CheckpointWritten>();
        QVERIFY(session.engine.paused());
        QTest::qWait(50);
        session.engine.checkpoint();
        QCOMPARE(session.next<CheckpointWritten>().step, second.step); // it has not gone on
        session.engine.cancel();
        QVERIFY(session.next<CommandFinished>().outcome == CommandFinished::Outcome::Cancelled);
        QCOMPARE(session.project->run(run)->state, RunState::Stopped);
        QVERIFY(fs::exists(folder));
    }

    void stopsWithOrWithoutItsCheckpoints()
    {
        Session session(path("discard.mpo"));
        for (const OnStop what : {OnStop::Discard, OnStop::Keep}) {
            session.engine.post(training(kEndless, {{"checkpoint_every", std::int64_t(1)}}));
            const auto run = session.next<RunStarted>().run;
            session.next<CheckpointWritten>();
            session.engine.cancel(what);
            session.engine.cancel(); // asked again, it does not keep what is to be thrown away
            const auto end = session.next<RunEnded>();
            QCOMPARE(end.state, RunState::Stopped);
            const bool discarded = what == OnStop::Discard;
            QCOMPARE(end.message.find("thrown away") != std::string::npos, discarded);
            QCOMPARE(session.project->run(run)->message, end.message);
            QCOMPARE(fs::exists(session.project->runFolder(run) / "checkpoints"), !discarded);
            session.next<CommandFinished>();
        }
        // What was kept is gone on with, and the wish to throw away was one for one stop.
        session.engine.post(training(kEndless, {{"checkpoint_every", std::int64_t(1)}}));
        QVERIFY(session.next<RunStarted>().firstStep > 0);
        session.engine.cancel();
        session.next<CommandFinished>();
        QVERIFY(fs::exists(session.project->runFolder(session.project->runs().front().id) / "checkpoints"));
    }

    void otherSettingsAreRefusedOrBegunAnew()
    {
        Session session(path("other.mpo"));
        TrainStage train = training(kEndless, {{"checkpoint_every", std::int64_t(1)}});
        session.engine.post(train);
        const auto run = session.next<RunStarted>().run;
        session.next<CheckpointWritten>();
        session.engine.cancel();
        session.next<CommandFinished>();

        TrainStage neutral = train;
        neutral.settings.set("keep_checkpoints", std::int64_t(5));
        session.engine.post(neutral);
        const auto resumed = session.next<RunStarted>();
        QVERIFY(resumed.run == run && resumed.firstStep > 0);
        session.engine.cancel();
        session.next<CommandFinished>();

        TrainStage other = train;
        other.settings.set("beta", 0.3);
        other.refuseOtherSettings = true;
        session.engine.post(other);
        const auto refused = session.next<CommandFinished>();
        QVERIFY(refused.outcome == CommandFinished::Outcome::Failed);
        QVERIFY2(refused.message.find("beta was 0.1 and is 0.3") != std::string::npos, refused.message.c_str());

        other.refuseOtherSettings = false;
        session.engine.post(other);
        const auto anew = session.next<RunStarted>();
        QVERIFY(anew.run != run && anew.firstStep == 0);
        QVERIFY(session.warnings().find("it is left as it is, and a new run begins") != std::string::npos);
        session.engine.cancel();
        session.next<CommandFinished>();
        QVERIFY(fs::exists(session.project->runFolder(run) / "checkpoints"));
    }

    /// Under its name, with the same scores and threshold, but of another rule for contradictory pairs.
    void splitMadeAnewIsTrainedAnew()
    {
        Session session(path("split.mpo"));
        Dataset data;
        data.name = "pairs";
        for (TokenId i = 1; i <= 9; ++i) {
            PreferencePair pair;
            pair.promptIds = {1, i};
            pair.chosenIds = {i, 4, 10};
            pair.rejectedIds = {TokenId(10 - i), 10};
            data.pairs.push_back(pair);
        }
        session.project->addDataset(data, "made");
        SplitRow split;
        split.name = "half";
        split.dataset = "pairs";
        split.split.buckets.assign(9, Bucket::Easy);
        split.split.buckets[3] = Bucket::Contradictory;
        split.split.rule.contradictory = 0.5;
        session.project->addSplit(split);
        TrainStage train = training(2);
        train.data = "pairs";
        train.split = "half";
        const auto runs = [&] {
            session.engine.post(train);
            const auto finished = session.next<CommandFinished>();
            return finished.outcome == CommandFinished::Outcome::Succeeded ? session.project->runs().size() : 0;
        };
        QCOMPARE(runs(), std::size_t(1));
        QCOMPARE(runs(), std::size_t(1)); // finished already
        split.split.rule.action = ContradictoryAction::Flip;
        session.project->addSplit(split);
        QCOMPARE(runs(), std::size_t(2));
        split.split.rule.absolute = true;
        session.project->addSplit(split);
        QCOMPARE(runs(), std::size_t(3));
        QCOMPARE(runs(), std::size_t(3));
    }

    void bestModelIsSavedToo()
    {
        Session session(path("best.mpo"));
        session.engine.post(training(12,
            {{"eval_share", 0.3}, {"eval_every", std::int64_t(2)}, {"keep_best", true},
                {"early_stop_patience", std::int64_t(1)}, {"early_stop_min_change", 1e6}}));
        const auto end = session.next<RunEnded>();
        QCOMPARE(end.state, RunState::Finished);
        QVERIFY2(end.message.find("Stopped early after step 4: eval_loss") != std::string::npos, end.message.c_str());
        session.next<CommandFinished>();
        const auto last = session.project->model("out"), best = session.project->model("out-best");
        QVERIFY(last && best);
        QVERIFY(!fs::exists(session.project->runFolder(end.run) / "checkpoints"));
    }

    /// In bf16 the base of an adapter is rounded while it trains; what is stored is that of the folder all the same.
    void digestOfAnAdapterIsThatOfItsFolder_data()
    {
        QTest::addColumn<std::string>("dtype");
        for (const char* dtype : {"fp32", "bf16"})
            QTest::newRow(dtype) << std::string(dtype);
    }
    void digestOfAnAdapterIsThatOfItsFolder()
    {
        QFETCH(std::string, dtype);
        Session session(path(("adapter-" + dtype + ".mpo").c_str()));
        session.engine.post(training(3, {{"lora_rank", std::int64_t(2)}, {"dtype", dtype}}));
        QCOMPARE(session.next<RunEnded>().state, RunState::Finished);
        session.next<CommandFinished>();
        const fs::path folder = session.project->modelFolder("out");
        QVERIFY(fs::exists(folder / "adapter_model.safetensors"));
        session.engine.post(AddModel {folder.string(), "read"});
        session.next<CommandFinished>();
        const auto saved = session.project->model("out"), read = session.project->model("read");
        QVERIFY(saved && read && !saved->digest.empty());
        QCOMPARE(saved->digest, read->digest);
    }

    void alarmsAreStored()
    {
        Session session(path("alarms.mpo"));
        session.engine.post(training(12, {{"learning_rate", 0.0}}));
        const auto run = session.next<RunStarted>().run;
        session.next<CommandFinished>();
        const auto alarms = session.project->alarms(run);
        QCOMPARE(alarms.size(), std::size_t(1));
        QCOMPARE(alarms[0].name, std::string("alarm_zero_margins"));
        QVERIFY(session.warnings().find(alarms[0].text) != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestTrainCommand)
#include "tst_train_command.moc"
