// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/engine.h"

#include "core/support/log.h"

#include <exception>
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
    m_wake.wait(lock, stop, [this] { return !m_paused.load(); });
}

Engine::Engine(std::shared_ptr<Project> project, EventSink sink, Execute execute)
    : m_project(std::move(project))
    , m_sink(std::move(sink))
    , m_execute(execute ? std::move(execute) : Execute(executeCommand))
    , m_thread([this](const std::stop_token& quit) { run(quit); })
{
}

Engine::~Engine()
{
    m_thread.request_stop();
    cancel();
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

void Engine::cancel()
{
    const std::lock_guard lock(m_mutex);
    m_current.request_stop();
    m_cancelNext = !m_running && !m_commands.empty(); // posted, but not begun yet
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

        // The one place where a failure inside the engine becomes something the user can read.
        CommandFinished finished;
        try {
            m_execute(*command, *m_project, m_sink, stop, m_gate);
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
        }
        m_sink(std::move(finished));
    }
}

} // namespace mpo
