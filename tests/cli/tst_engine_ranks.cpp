// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/engine.h"
#include "core/store/project.h"
#include "tests/cli/tiny_model.h"
#include "tests/common/engine_events.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>

using namespace mpo;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The engine of a window, whose process is rank 0 of a run: it watches, pauses and stops all processes of it.
class TestEngineRanks : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::vector<std::int64_t> m_steps; ///< reported
    std::optional<CommandFinished> m_finished;
    std::optional<RunState> m_ended;

    EventSink sink()
    {
        return [this](Event event) {
            const std::lock_guard lock(m_mutex);
            if (const auto* logged = std::get_if<MetricsLogged>(&event))
                m_steps.push_back(logged->step);
            else if (const auto* ended = std::get_if<RunEnded>(&event))
                m_ended = ended->state;
            else if (const auto* finished = std::get_if<CommandFinished>(&event))
                m_finished = *finished;
            m_wake.notify_all();
        };
    }
    template<class Condition>
    bool waitFor(const Condition& condition, std::chrono::milliseconds longest = 60s)
    {
        std::unique_lock lock(m_mutex);
        return m_wake.wait_for(lock, longest, condition);
    }
    TrainStage training(const char* out, std::int64_t steps, std::int64_t processes) const
    {
        TrainStage train;
        train.stage = StageKind::Dpo;
        train.model = m_folder.filePath(QStringLiteral("tiny")).toStdString();
        train.data = m_folder.filePath(QStringLiteral("pairs.jsonl")).toStdString();
        train.out = out;
        train.settings = Settings(StageKind::Dpo);
        train.settings.set("max_steps", steps);
        train.settings.set("batch_size", std::int64_t(4));
        train.settings.set("processes", processes);
        return train;
    }
    static int children()
    {
        qsizetype count = 0;
        for (const QString& thread :
            QDir(QStringLiteral("/proc/self/task")).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            QFile list(QStringLiteral("/proc/self/task/%1/children").arg(thread));
            if (list.open(QIODevice::ReadOnly))
                count += list.readAll().count(' '); // one behind each
        }
        return int(count);
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("OMP_NUM_THREADS", "1"); // of the other processes
        tiny_model::write(m_folder.filePath(QStringLiteral("tiny")));
        QFile pairs(m_folder.filePath(QStringLiteral("pairs.jsonl")));
        QVERIFY(pairs.open(QIODevice::WriteOnly));
        for (int i = 0; i < 8; ++i)
            pairs.write(QStringLiteral("{\"prompt_ids\":[%1,2],\"chosen_ids\":[3,%2,10],\"rejected_ids\":[5,10]}\n")
                            .arg(1 + i % 3)
                            .arg(4 + i % 4)
                            .toUtf8());
    }

    void watchesPausesAndStops()
    {
        Engine engine(Project::open(m_folder.filePath(QStringLiteral("a.mpo")).toStdString()), sink());
        engine.post(training("x", 1000000, 2));
        QVERIFY(waitFor([&] { return m_steps.size() >= 5; }));
        QCOMPARE(children(), 1);

        engine.pause();
        QTest::qWait(300); // the step under way
        const auto seen = [&] {
            const std::lock_guard lock(m_mutex);
            return m_steps.size();
        };
        const std::size_t atPause = seen();
        QTest::qWait(700);
        QCOMPARE(seen(), atPause);
        engine.resume();
        QVERIFY(waitFor([&] { return m_steps.size() > atPause + 5; }));

        engine.cancel();
        QVERIFY(waitFor([&] { return m_finished.has_value(); }));
        QVERIFY(m_finished->outcome == CommandFinished::Outcome::Cancelled);
        QVERIFY(m_ended == RunState::Stopped);
        QCOMPARE(children(), 0);

        // Also while it is paused.
        m_finished.reset();
        m_ended.reset();
        const std::size_t before = seen();
        engine.post(training("x", 1000000, 3));
        QVERIFY(waitFor([&] { return m_steps.size() > before; }));
        QCOMPARE(m_steps[before], m_steps[before - 1] + 1); // goes on where it stopped
        engine.pause();
        QTest::qWait(300);
        engine.cancel();
        QVERIFY(waitFor([&] { return m_finished.has_value(); }));
        QVERIFY(m_ended == RunState::Stopped);
        engine.resume();

        // One that ends by itself.
        m_finished.reset();
        m_ended.reset();
        engine.post(training("y", 3, 2));
        QVERIFY(waitFor([&] { return m_finished.has_value(); }));
        QVERIFY2(m_finished->outcome == CommandFinished::Outcome::Succeeded, m_finished->message.c_str());
        QVERIFY(m_ended == RunState::Finished);
        QCOMPARE(children(), 0);
    }

    /// Rank 0 alone samples and scores what is looked at, and nobody waits for it in vain. A run that goes on divides
    /// its metrics as it began on all ranks, whatever was scored since.
    void samplesAndStrataOfSeveralProcesses()
    {
        const fs::path parity = fs::path(MPO_FIXTURES) / "parity", folder = m_folder.path().toStdString();
        const auto project = Project::open(folder / "b.mpo");
        for (const char* name : {"llama", "llama_reward"}) {
            fs::copy(parity / "models" / name, folder / name);
            for (const auto& entry : fs::directory_iterator(parity / "tokenizer"))
                fs::copy(entry.path(), folder / name / entry.path().filename());
            eventsOf<ModelSaved>(project, AddModel {(folder / name).string(), name});
        }
        constexpr std::int64_t kPairs = 12;
        Dataset data {"pairs", DatasetKind::Pairs, {}};
        std::vector<PairScore> scores;
        for (std::int64_t i = 0; i < kPairs; ++i) {
            PreferencePair pair;
            pair.prompt = "say " + std::string(std::size_t(1 + i % 4), 'p');
            pair.chosen = "yes " + std::string(std::size_t(1 + i % 5), 'a');
            pair.rejected = "no " + std::string(std::size_t(1 + i % 3), 'b');
            data.pairs.push_back(pair);
            scores.push_back({double(i), 0.0});
        }
        project->addDataset(data, "a test");
        project->addScoreSet({0, "first", "pairs", "llama_reward", true, kPairs, {}}, scores);
        const auto trained = [&](const char* out, std::int64_t processes) {
            TrainStage command = training(out, 6, processes);
            command.model = "llama";
            command.data = "pairs";
            command.settings.set("eval_share", 0.25);
            command.settings.set("eval_every", std::int64_t(2));
            command.settings.set("sample_prompts", std::int64_t(2));
            command.settings.set("sample_every", std::int64_t(2));
            command.settings.set("sample_tokens", std::int64_t(5));
            return command;
        };
        const auto isPart = [](const MetricSeries& series) {
            return !partOfMetric(series.name).part.empty() && !series.points.empty();
        };
        eventsOf<RunEnded>(project, trained("alone", 1));
        const std::int64_t alone = project->runs().front().id;

        // Stopped in the middle; then other scores come, by which no two pairs would differ.
        {
            std::unique_ptr<Engine> engine;
            std::promise<void> over;
            engine = std::make_unique<Engine>(project, [&](Event event) {
                if (const auto* logged = std::get_if<MetricsLogged>(&event); logged && logged->step == 3)
                    engine->cancel();
                if (std::holds_alternative<CommandFinished>(event))
                    over.set_value();
            });
            engine->post(trained("several", 2));
            QVERIFY(over.get_future().wait_for(60s) == std::future_status::ready);
        }
        const RunRow stopped = project->runs().front();
        QVERIFY(stopped.id != alone && stopped.state == RunState::Stopped && stopped.steps < 6);
        project->addScoreSet({0, "second", "pairs", "llama_reward", true, kPairs, {}},
            std::vector<PairScore>(std::size_t(kPairs), PairScore {1.0, 0.0}));
        eventsOf<RunEnded>(project, trained("several", 2));
        QCOMPARE(project->runs().front().id, stopped.id);

        const std::vector<SampleRow> one = project->samples(alone), two = project->samples(stopped.id);
        QCOMPARE(one.size(), std::size_t(8)); // of the reference, and after the steps 2, 4 and 6
        QCOMPARE(two.size(), one.size());
        for (std::size_t i = 0; i < one.size(); ++i) {
            QCOMPARE(two[i].step, one[i].step);
            QCOMPARE(two[i].byReference, one[i].byReference);
            QCOMPARE(two[i].response, one[i].response);
            QVERIFY(one[i].score && two[i].score && std::abs(*one[i].score - *two[i].score) < 1e-4);
        }
        const std::vector<MetricSeries> curves = project->metrics(alone), theirs = project->metrics(stopped.id);
        QVERIFY(std::any_of(curves.begin(), curves.end(), isPart));
        QCOMPARE(theirs.size(), curves.size());
        for (std::size_t i = 0; i < curves.size(); ++i) {
            QCOMPARE(theirs[i].name, curves[i].name);
            QCOMPARE(theirs[i].points.size(), curves[i].points.size());
        }
    }
};

QTEST_GUILESS_MAIN(TestEngineRanks)
#include "tst_engine_ranks.moc"
