// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/engine.h"

#include <QTemporaryDir>
#include <QTest>

using namespace mpo;

// mpo_engine_thread has no commands; every engine here is given its own.
void mpo::executeCommand(const Command&, Project&, const EventSink&, std::stop_token, PauseGate&) { Q_UNREACHABLE(); }

/// Order, failure, cancel and destruction while busy, with a made-up command.
class TestEngine : public QObject
{
    Q_OBJECT

    struct Heard
    {
        std::mutex mutex;
        std::vector<CommandFinished> finished;
        EventSink sink()
        {
            return [this](Event event) {
                if (const auto* end = std::get_if<CommandFinished>(&event)) {
                    const std::lock_guard lock(mutex);
                    finished.push_back(*end);
                }
            };
        }
        std::size_t count()
        {
            const std::lock_guard lock(mutex);
            return finished.size();
        }
    };

    static inline std::atomic<int> s_begun = 0; ///< long commands that are running or have run
    static void work(const Command& command, Project&, const EventSink&, std::stop_token stop, PauseGate& gate)
    {
        if (std::holds_alternative<ImportDataset>(command))
            throw std::runtime_error("line 3: no field");
        ++s_begun;
        while (!stop.stop_requested()) {
            gate.wait(stop);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

private Q_SLOTS:
    void failureCancelAndOrder()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        Heard heard;
        s_begun = 0;
        Engine engine(project, heard.sink(), work);
        engine.post(ImportDataset {});
        engine.post(RunDemo {});
        engine.post(ImportDataset {});
        QTRY_COMPARE(heard.count(), std::size_t(1));
        QCOMPARE(heard.finished[0].message, std::string("line 3: no field"));
        QTRY_COMPARE(s_begun.load(), 1); // cancel asks what is running, so it has to run
        engine.pause();
        QVERIFY(engine.paused());
        engine.cancel(); // also wakes a paused command
        QTRY_COMPARE(heard.count(), std::size_t(3));
        QVERIFY(heard.finished[1].outcome == CommandFinished::Outcome::Cancelled);
        QVERIFY(heard.finished[2].outcome == CommandFinished::Outcome::Failed);
        QTRY_VERIFY(!engine.busy());
    }

    /// Once a second while something runs, and not at rest.
    void tellsWhatIsUsed()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        std::mutex mutex;
        std::vector<MachineUsed> used;
        const auto count = [&] {
            const std::lock_guard lock(mutex);
            return used.size();
        };
        Engine engine(
            project,
            [&](Event event) {
                const std::lock_guard lock(mutex);
                if (const auto* use = std::get_if<MachineUsed>(&event))
                    used.push_back(*use);
            },
            work);
        QTest::qWait(1300);
        QCOMPARE(count(), std::size_t(0));
        engine.post(RunDemo {});
        QTRY_VERIFY_WITH_TIMEOUT(count() >= 2, 10000);
        engine.cancel();
        QTRY_VERIFY(!engine.busy());
        for (const MachineUsed& use : used) {
            QVERIFY(use.processors >= 1 && use.residentBytes > 1 << 20);
            QVERIFY(use.cpuShare >= 0.0 && use.cpuShare <= 1.0);
        }
        QVERIFY(used.size() <= 10);
    }

    /// A checkpoint is asked of what runs, wakes what is paused, and is never left over for the next command; so is the
    /// wish to throw the checkpoints away.
    void requestsAreForTheCommandThatRuns()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        std::atomic<int> begun = 0, served = 0, discarded = 0;
        Heard heard;
        Engine engine(project, heard.sink(),
            [&](const Command&, Project&, const EventSink&, const std::stop_token& stop, PauseGate& gate) {
                served += gate.takeCheckpointRequest() ? 1000 : 0;
                ++begun;
                while (!stop.stop_requested()) {
                    gate.wait(stop);
                    served += gate.takeCheckpointRequest() ? 1 : 0;
                }
                discarded += gate.onStop() == OnStop::Discard ? 1 : 0;
                gate.askForCheckpoint(); // one that comes too late
            });
        engine.checkpoint(); // nothing runs
        for (int command = 1; command <= 3; ++command) {
            engine.post(RunDemo {});
            QTRY_COMPARE(begun.load(), command);
            engine.pause();
            engine.checkpoint();
            QTRY_COMPARE(served.load(), command);
            engine.resume();
            if (command == 2)
                engine.cancel(OnStop::Discard);
            engine.cancel();
            QTRY_COMPARE(heard.count(), std::size_t(command));
        }
        QCOMPARE(discarded.load(), 1);
    }

    /// A stop that comes between post and the start of the command is not lost.
    void cancelBeforeTheCommandBegins()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        for (int i = 0; i < 30; ++i) {
            Heard heard;
            Engine engine(project, heard.sink(), work);
            engine.post(RunDemo {});
            engine.cancel();
            QTRY_COMPARE(heard.count(), std::size_t(1));
            QVERIFY(heard.finished[0].outcome == CommandFinished::Outcome::Cancelled);
        }
    }

    /// What other programs ask for by the control folder.
    void obeysRequests()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        const auto ask
            = [&](RequestKind kind, std::int64_t run = 0) { return askWriter(project->folder(), kind, run); };
        Heard heard;
        s_begun = 0;
        Engine engine(project, heard.sink(), work);
        QVERIFY(!ask(RequestKind::Pause).done);
        QCOMPARE(ask(RequestKind::Stop).message, std::string("Nothing is running"));
        const std::int64_t run = project->beginRun("dpo", "out", Json::object(), {});
        engine.post(RunDemo {});
        QTRY_COMPARE(s_begun.load(), 1);
        QTRY_VERIFY(readWriter(project->folder())->busy);
        QVERIFY(!ask(RequestKind::Pause, run + 1).done);
        QVERIFY(!ask(RequestKind::Resume).done); // it is not paused
        QVERIFY(ask(RequestKind::Pause, run).done);
        QVERIFY(engine.paused());
        QTRY_VERIFY(readWriter(project->folder())->paused);
        QVERIFY(ask(RequestKind::Resume, run).done);
        QVERIFY(!engine.paused());
        QVERIFY(ask(RequestKind::Pause).done);
        QVERIFY(ask(RequestKind::Stop).done); // also wakes what is paused
        QTRY_COMPARE(heard.count(), std::size_t(1));
        QVERIFY(heard.finished[0].outcome == CommandFinished::Outcome::Cancelled);
        QTRY_VERIFY(!readWriter(project->folder())->busy);
        QVERIFY(!ask(RequestKind::Stop).done);
    }

    void stopSaysHow()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        for (const OnStop wish : {OnStop::Pause, OnStop::Discard, OnStop::Keep}) {
            std::atomic<int> seen {-1};
            Heard heard;
            Engine engine(project, heard.sink(),
                [&](const Command&, Project&, const EventSink&, std::stop_token stop, PauseGate& gate) {
                    while (!stop.stop_requested())
                        std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    seen = int(gate.onStop());
                });
            engine.post(RunDemo {});
            engine.cancel(wish);
            QTRY_COMPARE(heard.count(), std::size_t(1));
            QCOMPARE(seen.load(), int(wish));
            // The next command is asked anew.
            engine.post(RunDemo {});
            QTRY_VERIFY(readWriter(project->folder())->busy);
            engine.cancel();
            QTRY_COMPARE(heard.count(), std::size_t(2));
            QCOMPARE(seen.load(), int(OnStop::Keep));
        }
    }

    void destroyingWhileBusyIsSafe()
    {
        QTemporaryDir folder;
        const auto project = Project::open(folder.path().toStdString() + "/p.mpo");
        for (int i = 0; i < 50; ++i) {
            Heard heard;
            Engine engine(project, heard.sink(), work);
            engine.post(RunDemo {});
            if (i % 2)
                engine.pause();
        }
    }
};

QTEST_GUILESS_MAIN(TestEngine)
#include "tst_engine.moc"
