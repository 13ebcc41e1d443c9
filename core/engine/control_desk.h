// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"
#include "core/store/control_folder.h"
#include "core/store/run_log.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace mpo {

/// Tells other programs what the engine does, and hears what they ask for, on a thread of its own: ten times a second
/// it looks for requests, and where something has changed it writes who runs what. Also keeps the log of the run.
class ControlDesk
{
public:
    using Obey = std::function<Answer(const Request&)>;

    /// Both are called on the thread of the desk, `look` at each look for requests. Neither may wait for what runs.
    ControlDesk(Project& project, Obey obey, std::function<void()> look);
    ~ControlDesk();

    void start();
    void stop(); ///< waits for the thread
    void begin(); ///< a command
    void note(const Event& event); ///< in order, on one thread at a time
    void setPaused(bool paused);
    WriterState state() const;

private:
    void run(const std::stop_token& quit);
    void logLine(const LogLine& line);
    void openLog(std::int64_t run);

    Project& m_project;
    Obey m_obey;
    std::function<void()> m_look;
    ControlFolder m_folder;
    mutable std::mutex m_mutex; ///< guards m_state
    WriterState m_state;
    // Of note() and begin() alone.
    std::filesystem::path m_runFolder; ///< of the run whose log is written; empty: none yet
    std::vector<RunLogLine> m_waiting; ///< lines of this command from before its run was known
    std::mutex m_sleep;
    std::condition_variable_any m_wake;
    std::jthread m_thread; ///< last
};

} // namespace mpo
