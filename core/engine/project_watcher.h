// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"
#include "core/support/process_usage.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace mpo {

/// Follows a project that another program writes to, and tells what happens there by the events that an engine in this
/// program would send: runs with their steps, samples and log, progress, who writes. On a thread of its own, a few
/// times a second, from the store and the control folder; what happened before it began is not told, except of the run
/// under way, whose earlier steps it tells when asked to.
class ProjectWatcher
{
public:
    struct Options
    {
        std::int64_t run = 0; ///< only this run, and the end of it is the end of the watch; 0: whatever happens
        bool fromBeginning = false; ///< also the steps and the log that are there already
    };

    ProjectWatcher(std::shared_ptr<Project> project, EventSink sink, Options options);
    ProjectWatcher(std::shared_ptr<Project> project, EventSink sink)
        : ProjectWatcher(std::move(project), std::move(sink), Options())
    {
    }
    ~ProjectWatcher();

private:
    void run(const std::stop_token& quit);
    void look();
    void lookAtRun();
    void followRun(const RunRow& row);
    void tellSteps();
    void tellLog();
    void endRun(const RunRow& row);
    void lookAtStore();
    void lookAtProcess();

    std::shared_ptr<Project> m_project;
    EventSink m_sink;
    Options m_options;

    // Of the thread alone.
    bool m_first = true;
    std::int64_t m_counter = -1; ///< of changes in the store
    std::string m_contents; ///< names of data, models, scores, splits and evaluations
    std::optional<WriterState> m_writer;
    bool m_busy = false; ///< the writer was when last looked at
    std::int64_t m_run = 0; ///< followed; 0: none
    std::int64_t m_step = 0, m_sampleStep = 0; ///< told up to here
    std::optional<ProcessUsage> m_usage; ///< of the writer, while it runs something
    std::chrono::steady_clock::time_point m_usageTold;
    bool m_started = false; ///< RunStarted was told
    std::uint64_t m_logRead = 0; ///< bytes of its log
    CommandFinished m_end; ///< how the last run of the command under way ended
    std::string m_problem; ///< told already
    bool m_ended = false; ///< the run that was asked for

    std::mutex m_sleep;
    std::condition_variable_any m_wake;
    std::jthread m_thread; ///< last
};

} // namespace mpo
