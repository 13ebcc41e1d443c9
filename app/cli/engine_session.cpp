// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"

#include "app/cli/console.h"
#include "core/engine/engine.h"
#include "core/engine/rank_service.h"
#include "core/store/lock_file.h"
#include "core/support/error.h"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

volatile std::sig_atomic_t g_interrupts = 0, g_checkpointAsked = 0;

extern "C" void onInterrupt(int)
{
    g_interrupts = g_interrupts + 1;
    if (g_interrupts > 1)
        _exit(kExitInterrupted);
}

extern "C" void onCheckpointAsked(int) { g_checkpointAsked = 1; }

} // namespace

void catchInterrupts()
{
    std::signal(SIGINT, onInterrupt);
    std::signal(SIGTERM, onInterrupt);
}

bool interrupted() { return g_interrupts > 0; }

fs::path projectFolder(const GlobalOptions& global)
{
    if (!global.project.empty())
        return global.project;
    return Project::isProject(fs::current_path()) ? fs::current_path() : defaultProjectFolder();
}

std::shared_ptr<Project> openProject(const GlobalOptions& global, Project::Access access)
{
    constexpr auto kPoll = std::chrono::milliseconds(50);
    const fs::path folder = projectFolder(global);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(global.wait);
    while (true) {
        try {
            return Project::open(folder, Project::isProject(folder) ? access : Project::Access::ReadWrite);
        } catch (const ProjectHeld&) {
            if (std::chrono::steady_clock::now() > end)
                throw;
        }
        std::this_thread::sleep_for(kPoll);
    }
}

std::shared_ptr<Project> openProjectToShow(const GlobalOptions& global)
{
    return global.project.empty() ? openProject(global, Project::Access::ReadOnly)
                                  : Project::open(global.project, Project::Access::ReadOnly);
}

int runOnEngine(const GlobalOptions& global, std::shared_ptr<Project> project, Command command, Printing printing)
{
    catchInterrupts();
    std::signal(SIGUSR1, onCheckpointAsked);
    EventPrinter printer(global, std::move(printing));
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<CommandFinished> end;
    std::optional<std::string> outputProblem;
    Engine engine(std::move(project), [&](Event event) {
        std::optional<std::string> problem;
        try {
            printer.print(event);
        } catch (const Error& error) {
            problem = error.what();
        }
        const std::lock_guard lock(mutex);
        if (problem && !outputProblem)
            outputProblem = problem;
        if (auto* finished = std::get_if<CommandFinished>(&event)) {
            end = std::move(*finished);
            wake.notify_one();
        }
    });
    engine.post(std::move(command));

    std::unique_lock lock(mutex);
    bool told = false;
    while (!wake.wait_for(lock, std::chrono::milliseconds(100), [&] { return end.has_value(); })) {
        if (g_checkpointAsked != 0) {
            g_checkpointAsked = 0;
            engine.checkpoint();
        }
        if (g_interrupts == 0 && !outputClosed())
            continue;
        if (!std::exchange(told, true) && g_interrupts > 0)
            note("Stopping at the next step; what is done is kept. Ctrl-C again ends at once.");
        engine.cancel(); // again and again: the command may not have begun when Ctrl-C came
    }
    clearStatus();
    if (outputProblem)
        fail("{}", *outputProblem);
    if (end->outcome == CommandFinished::Outcome::Cancelled) {
        if (g_interrupts == 0 && outputClosed())
            return kExitPipeClosed;
        note("mpo: " + (end->message.empty() ? std::string("stopped") : end->message));
        return kExitInterrupted;
    }
    if (end->outcome == CommandFinished::Outcome::Failed)
        fail("{}", end->message);
    return 0;
}

int serveOtherRank()
{
    std::signal(SIGINT, onInterrupt);
    std::signal(SIGTERM, onInterrupt);
    std::stop_source stop;
    const std::jthread watch([&](const std::stop_token& quit) {
        while (!quit.stop_requested() && g_interrupts == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        stop.request_stop();
    });
    return serveAsRank(stop.get_token()) ? 0 : 1;
}

} // namespace mpo::cli
