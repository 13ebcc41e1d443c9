// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/engine.h"

#include "core/engine/control_desk.h"
#include "core/store/project.h"

#include <fmt/format.h>

#include <exception>
#include <unistd.h>
#include <utility>

namespace mpo {

void PauseGate::pause()
{
    const std::lock_guard lock(m_mutex);
    m_paused = true;
}

void PauseGate::resume()
{
    {
        const std::lock_guard lock(m_mutex);
        m_paused = false;
    }
    m_wake.notify_all();
}

void PauseGate::wait(const std::stop_token& stop)
{
    if (!m_paused)
        return;
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, stop, [this] { return !m_paused.load() || m_checkpointAsked.load(); });
}

void PauseGate::askForCheckpoint()
{
    {
        const std::lock_guard lock(m_mutex);
        m_checkpointAsked = true;
    }
    m_wake.notify_all();
}

Engine::Engine(std::shared_ptr<Project> project, EventSink sink, Execute execute)
    : m_project(std::move(project))
    , m_sink(std::move(sink))
    , m_execute(execute ? std::move(execute) : Execute(executeCommand))
    , m_usage(getpid())
    , m_desk(m_project->access() == Project::Access::ReadWrite ? std::make_unique<ControlDesk>(
                 *m_project, [this](const Request& request) { return obey(request); }, [this] { look(); })
                                                               : nullptr)
    , m_thread([this](const std::stop_token& quit) { run(quit); })
{
    if (m_desk)
        m_desk->start();
}

Engine::~Engine()
{
    if (m_desk)
        m_desk->stop(); // nobody asks any more
    m_thread.request_stop();
    cancel();
}

void Engine::send(Event event)
{
    const std::lock_guard lock(m_sinkMutex);
    if (m_desk)
        m_desk->note(event);
    m_sink(std::move(event));
}

void Engine::post(Command command)
{
    {
        const std::lock_guard lock(m_mutex);
        m_commands.push(std::move(command));
        m_busy = true;
    }
    m_wake.notify_one();
}

void Engine::pause()
{
    m_gate.pause();
    if (m_desk)
        m_desk->setPaused(true);
}

void Engine::resume()
{
    m_gate.resume();
    if (m_desk)
        m_desk->setPaused(false);
}

void Engine::cancel(OnStop wish)
{
    const std::lock_guard lock(m_mutex);
    if ((m_running || !m_commands.empty()) && wish > m_gate.onStop()) // who asks again for less changes nothing
        m_gate.setOnStop(wish);
    m_current.request_stop();
    m_cancelNext = !m_running && !m_commands.empty(); // posted, but not begun yet
}

void Engine::checkpoint()
{
    const std::lock_guard lock(m_mutex);
    if (m_running || !m_commands.empty())
        m_gate.askForCheckpoint();
}

void Engine::run(const std::stop_token& quit)
{
    while (true) {
        std::unique_ptr<Command> command;
        std::stop_token stop;
        {
            std::unique_lock lock(m_mutex);
            m_busy = !m_commands.empty();
            if (!m_wake.wait(lock, quit, [this] { return !m_commands.empty(); }) || quit.stop_requested())
                return;
            command = std::make_unique<Command>(std::move(m_commands.front()));
            m_commands.pop();
            m_current = std::stop_source();
            stop = m_current.get_token();
            m_running = true;
            if (std::exchange(m_cancelNext, false))
                m_current.request_stop();
        }
        if (m_desk)
            m_desk->begin();

        // The one place where a failure inside the engine becomes something the user can read.
        CommandFinished finished;
        try {
            m_execute(
                *command, *m_project, [this](Event event) { send(std::move(event)); }, stop, m_gate);
            if (stop.stop_requested())
                finished = {CommandFinished::Outcome::Cancelled, "Stopped."};
        } catch (const std::exception& error) {
            finished = {CommandFinished::Outcome::Failed, error.what()};
            if (stop.stop_requested())
                finished.outcome = CommandFinished::Outcome::Cancelled;
        } catch (...) {
            finished = {CommandFinished::Outcome::Failed, "An unknown error ended the operation."};
        }
        {
            const std::lock_guard lock(m_mutex);
            m_busy = !m_commands.empty();
            m_running = false;
            m_gate.takeCheckpointRequest(); // too late for this command, and not for the next
            m_gate.setOnStop(OnStop::Keep);
        }
        send(std::move(finished));
    }
}

Answer Engine::obey(const Request& request)
{
    if (!busy())
        return {false, "Nothing is running"};
    // One command at a time: a run that the store calls running is this command's, also before its first step.
    if (request.run != 0)
        if (const auto row = m_project->run(request.run); !row || row->state != RunState::Running)
            return {false, fmt::format("Run {} is not running now", request.run)};
    const std::string whose = fmt::format(", as process {} asked", request.process);
    Answer answer {true, {}};
    switch (request.kind) {
    case RequestKind::Pause:
        pause();
        answer.message = "Paused";
        break;
    case RequestKind::Resume:
        if (!paused())
            return {false, "It is not paused"};
        resume();
        answer.message = "Going on";
        break;
    case RequestKind::Release:
        cancel(OnStop::Pause);
        answer.message = "Pausing at the next step with a checkpoint";
        break;
    case RequestKind::Stop:
        cancel(OnStop::Keep);
        answer.message = "Stopping at the next step with a checkpoint";
        break;
    case RequestKind::Discard:
        cancel(OnStop::Discard);
        answer.message = "Stopping at the next step; what the run has made is thrown away";
        break;
    case RequestKind::Checkpoint:
        checkpoint();
        answer.message = "Writing a checkpoint at the next micro-batch";
        break;
    }
    m_asked.emplace_back(LogLine {LogLine::Level::Info, answer.message + whose});
    m_asked.emplace_back(WriterChanged {m_desk->state()});
    return answer;
}

void Engine::look()
{
    tellWhatWasAsked();
    tellWhatIsUsed();
}

/// Where the sink is taken it is left out; the next second tells.
void Engine::tellWhatIsUsed()
{
    constexpr auto kBetween = std::chrono::seconds(1);
    const auto now = std::chrono::steady_clock::now();
    if (now - m_usageTold < kBetween)
        return;
    const auto sample = m_usage.next(); // also at rest, so that the next one is of the last second
    m_usageTold = now;
    if (!sample || !busy())
        return;
    const std::unique_lock lock(m_sinkMutex, std::try_to_lock);
    if (lock)
        m_sink(MachineUsed {sample->cpuShare, sample->processors, sample->residentBytes});
}

/// Not at once: the engine's thread may be held in the sink by a reader that is slow, and requests must go on.
void Engine::tellWhatWasAsked()
{
    const std::unique_lock lock(m_sinkMutex, std::try_to_lock);
    if (!lock)
        return;
    for (Event& event : std::exchange(m_asked, {})) {
        m_desk->note(event);
        m_sink(std::move(event));
    }
}

} // namespace mpo
