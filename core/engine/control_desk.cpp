// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/control_desk.h"

#include "core/store/project.h"
#include "core/support/error.h"

#include <array>
#include <chrono>

namespace mpo {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr std::size_t kMostWaiting = 1000; // lines
constexpr std::array<const char*, 3> kLevels {"info", "warning", "error"};

} // namespace

ControlDesk::ControlDesk(Project& project, Obey obey, std::function<void()> look)
    : m_project(project)
    , m_obey(std::move(obey))
    , m_look(std::move(look))
    , m_folder(project.folder())
{
    m_folder.publish(m_state);
}

ControlDesk::~ControlDesk() = default;

void ControlDesk::start()
{
    m_thread = std::jthread([this](const std::stop_token& quit) { run(quit); });
}

void ControlDesk::stop()
{
    m_thread.request_stop();
    if (m_thread.joinable())
        m_thread.join();
}

void ControlDesk::run(const std::stop_token& quit)
{
    WriterState told;
    std::unique_lock lock(m_sleep);
    while (!quit.stop_requested()) {
        for (const Request& request : m_folder.newRequests())
            m_folder.answer(request, m_obey(request));
        m_look();
        if (const WriterState now = state(); now != told) {
            m_folder.publish(now);
            told = now;
        }
        m_wake.wait_for(lock, quit, kPoll, [] { return false; });
    }
}

WriterState ControlDesk::state() const
{
    const std::lock_guard lock(m_mutex);
    return m_state;
}

void ControlDesk::setPaused(bool paused)
{
    const std::lock_guard lock(m_mutex);
    m_state.paused = paused;
}

void ControlDesk::begin()
{
    m_runFolder.clear();
    m_waiting.clear();
    const std::lock_guard lock(m_mutex);
    const bool paused = m_state.paused;
    m_state = {};
    m_state.busy = true;
    m_state.paused = paused;
}

void ControlDesk::note(const Event& event)
{
    if (const auto* line = std::get_if<LogLine>(&event)) {
        logLine(*line);
        return;
    }
    if (const auto* started = std::get_if<RunStarted>(&event))
        openLog(started->run);
    else if (const auto* ended = std::get_if<RunEnded>(&event)) {
        openLog(ended->run); // it may have ended before its first step
        if (!ended->message.empty())
            logLine({ended->state == RunState::Failed ? LogLine::Level::Error : LogLine::Level::Info, ended->message});
        m_runFolder.clear();
    }
    const std::lock_guard lock(m_mutex);
    if (const auto* started = std::get_if<RunStarted>(&event)) {
        m_state.run = started->run;
        m_state.firstStep = started->firstStep;
        m_state.what.clear();
    } else if (std::holds_alternative<RunEnded>(event)) {
        m_state.run = 0;
    } else if (std::holds_alternative<MetricsLogged>(event)) {
        m_state.what.clear();
        m_state.detail.clear();
    } else if (const auto* progress = std::get_if<Progress>(&event)) {
        m_state.what = progress->what;
        m_state.share = progress->share;
        m_state.detail = progress->detail;
    } else if (const auto* step = std::get_if<PipelineStep>(&event)) {
        m_state.pipelineTitle = step->title;
        m_state.pipelineStep = step->step;
        m_state.pipelineSteps = step->steps;
    } else if (std::holds_alternative<CommandFinished>(event)) {
        m_state = {};
    }
}

void ControlDesk::openLog(std::int64_t run)
{
    try {
        m_runFolder = m_project.runFolder(run);
    } catch (const Error&) { // no run of this project: nothing to log to
        return;
    }
    appendRunLog(m_runFolder, m_waiting);
    m_waiting.clear();
}

void ControlDesk::logLine(const LogLine& line)
{
    const RunLogLine logged {nowUtc(), kLevels.at(std::size_t(line.level)), line.text};
    if (!m_runFolder.empty())
        appendRunLog(m_runFolder, {logged});
    else if (m_waiting.size() < kMostWaiting)
        m_waiting.push_back(logged);
}

} // namespace mpo
