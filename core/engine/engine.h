// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/engine/event.h"
#include "core/support/process_usage.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <queue>
#include <stop_token>
#include <thread>

namespace mpo {

class ControlDesk;
class Project;
struct Answer;
struct Request;

/// How a run is left that is asked to stop.
enum class OnStop {
    Keep, ///< with a checkpoint
    Pause, ///< with a checkpoint, and marked as to be gone on with
    Discard ///< what it has made is thrown away
};

/// A gate that a running stage passes at every micro-batch, and what it is asked there: to pause, to write a
/// checkpoint, and how to leave the run at a stop.
class PauseGate
{
public:
    void pause();
    void resume();
    bool paused() const { return m_paused.load(); }
    /// Returns at once unless paused; wakes on resume, on stop and for a checkpoint that is asked for.
    void wait(const std::stop_token& stop);

    void askForCheckpoint();
    bool checkpointAsked() const { return m_checkpointAsked.load(); }
    bool takeCheckpointRequest() { return m_checkpointAsked.exchange(false); } ///< true once for each request
    void setOnStop(OnStop what) { m_onStop = what; } ///< before the stop is asked for
    OnStop onStop() const { return m_onStop.load(); }

private:
    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::atomic<bool> m_paused {false}, m_checkpointAsked {false};
    std::atomic<OnStop> m_onStop {OnStop::Keep};
};

/// Runs commands one at a time, in order, on a thread of its own. Every model, optimiser and random generator lives on
/// that thread; only values cross its border. All members may be called on any thread. A second thread hears what other
/// programs ask for (control_folder.h) where the project is open for writing.
class Engine
{
public:
    /// What a command does; the default is executeCommand. Tests give their own.
    using Execute = std::function<void(const Command&, Project&, const EventSink&, std::stop_token, PauseGate&)>;

    Engine(std::shared_ptr<Project> project, EventSink sink, Execute execute = {});
    ~Engine(); ///< cancels what is running and waits for it

    void post(Command command);
    /// Asks the running command, or the next if none runs yet, to stop at its next step; others stay.
    void cancel(OnStop wish = OnStop::Keep); ///< of several wishes the last in the list of OnStop counts
    /// Asks the run that goes on for a checkpoint, also while it is paused; CheckpointWritten tells when it is on disk.
    /// Without effect when no command runs, and on one that writes none.
    void checkpoint();
    void pause();
    void resume();
    bool paused() const { return m_gate.paused(); }
    bool busy() const { return m_busy.load(); }

private:
    void run(const std::stop_token& quit);
    void send(Event event);
    Answer obey(const Request& request); ///< on the thread of the desk
    void look(); ///< ten times a second on the thread of the desk
    void tellWhatWasAsked(); ///< on the thread of the desk
    void tellWhatIsUsed(); ///< on the thread of the desk

    std::shared_ptr<Project> m_project;
    EventSink m_sink;
    std::mutex m_sinkMutex; ///< the sink is called by one thread at a time
    Execute m_execute;
    PauseGate m_gate;
    std::mutex m_mutex; ///< guards what follows up to m_busy
    std::condition_variable_any m_wake;
    std::queue<Command> m_commands;
    std::stop_source m_current;
    bool m_running = false, m_cancelNext = false;
    std::atomic<bool> m_busy {false};
    std::vector<Event> m_asked; ///< of the thread of the desk: not told yet
    ProcessUsage m_usage; ///< of the thread of the desk
    std::chrono::steady_clock::time_point m_usageTold; ///< of the thread of the desk
    std::unique_ptr<ControlDesk> m_desk; ///< empty: the project is only read
    std::jthread m_thread; ///< last: starts when all else exists, joins before anything goes
};

/// Carries one command out; throws what ends it.
void executeCommand(
    const Command& command, Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate);

} // namespace mpo
