// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// `mpo runs watch|pause|resume|checkpoint|stop`: following and steering what another program runs, as the window does.
#include "app/cli/runs_control.h"

#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/engine/project_watcher.h"
#include "core/engine/train_config.h"
#include "core/store/control_folder.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace mpo::cli {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

RunRow requireRun(const Project& project, std::int64_t id)
{
    auto run = project.run(id);
    if (!run)
        fail("There is no run {}; `mpo runs list` shows them", id);
    return *run;
}

/// The run that goes on; 0: none, or none that is a run yet.
std::int64_t runningNow(const Project& project)
{
    for (const RunRow& run : project.runs())
        if (run.state == RunState::Running)
            return run.id;
    return 0;
}

void printEnd(const GlobalOptions& global, const RunRow& run)
{
    if (global.json) {
        writeLine(toLine(
            {{"event", "run_ended"}, {"run", run.id}, {"state", runStateName(run.state)}, {"message", run.message}}));
    } else if (run.state != RunState::Finished) { // else the printer has said so
        writeLine(
            fmt::format("Run {} {}{}", run.id, runStateName(run.state), run.message.empty() ? "" : ": " + run.message));
    }
    flushOutput();
}

int watchRun(const GlobalOptions& global, std::int64_t id)
{
    const auto project = openProjectToShow(global);
    const auto writer = readWriter(project->folder());
    if (id == 0) {
        if (!writer || !writer->busy)
            fail("{}: nothing is running; `mpo runs list` shows what was", project->folder().string());
        id = runningNow(*project);
    } else if (requireRun(*project, id).state != RunState::Running) {
        fail("Run {} is not running, it is {}; `mpo runs show {} --metrics` shows it", id,
            runStateName(requireRun(*project, id).state), id);
    }

    catchInterrupts();
    const bool pipeline = writer && writer->pipelineStep > 0;
    EventPrinter printer(
        global, {pipeline ? Printing::Json::Everything : Printing::Json::Steps, id > 0 ? project->run(id)->name : ""});
    std::mutex mutex;
    std::condition_variable wake;
    bool ended = false;
    ProjectWatcher watcher(project,
        [&](const Event& event) {
            const std::lock_guard lock(mutex);
            if (ended)
                return;
            if (!std::holds_alternative<CommandFinished>(event))
                printer.print(event);
            const auto* writerNow = std::get_if<WriterChanged>(&event);
            ended = std::holds_alternative<CommandFinished>(event) || (writerNow && !writerNow->writer)
                || (!pipeline && std::holds_alternative<RunEnded>(event));
            wake.notify_one();
        },
        {pipeline ? 0 : id, true});
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, kPoll, [&] { return ended; }))
        if (interrupted() || outputClosed()) {
            ended = true;
            clearStatus();
            if (interrupted())
                note("The run goes on; `mpo runs stop` would stop it.");
            return interrupted() ? kExitInterrupted : kExitPipeClosed;
        }
    lock.unlock();
    clearStatus();
    if (id == 0 || pipeline)
        return 0;
    const RunRow run = requireRun(*project, id);
    if (run.state == RunState::Finished) {
        printer.print(CommandFinished {});
        return 0;
    }
    printEnd(global, run);
    if (run.state == RunState::Failed)
        fail("Run {} has failed: {}", id, run.message);
    if (run.state == RunState::Running || run.state == RunState::Interrupted)
        fail("Run {}: the program that ran it has ended without a word; `mpo runs resume {}` goes on with it", id, id);
    return 0;
}

/// Asks, says what was answered, and waits for the end where the request was to end.
int askFor(const GlobalOptions& global, RequestKind kind, std::int64_t id)
{
    const auto project = openProjectToShow(global);
    if (id == 0)
        id = runningNow(*project);
    else
        requireRun(*project, id);
    const Answer answer = askWriter(project->folder(), kind, id);
    if (!answer.done)
        fail("{}", answer.message);
    const bool ends = kind == RequestKind::Stop || kind == RequestKind::Discard || kind == RequestKind::Release;
    if (!global.quiet)
        note(answer.message);
    catchInterrupts();
    while (ends && id != 0 && project->run(id)->state == RunState::Running && writingProcess(project->folder())) {
        std::this_thread::sleep_for(kPoll);
        if (interrupted())
            return kExitInterrupted;
    }
    if (!ends && global.json) {
        writeLine(toLine({{"event", requestName(kind)}, {"run", id}, {"message", answer.message}}));
    } else if (ends && id != 0) {
        printEnd(global, *project->run(id));
    }
    return 0;
}

bool canGoOn(const RunRow& run)
{
    return run.state != RunState::Finished && run.state != RunState::Running
        && (run.stage == "sft" || run.stage == "reward" || run.stage == "dpo" || run.stage == "ppo");
}

/// Lets a run in memory go on, or goes on with one that was stopped, here.
int resumeRun(const GlobalOptions& global, std::int64_t id)
{
    std::optional<RunRow> run;
    {
        const auto project = openProjectToShow(global);
        const auto writer = readWriter(project->folder());
        if (writer && writer->paused && (id == 0 || requireRun(*project, id).state == RunState::Running))
            return askFor(global, RequestKind::Resume, id);
        if (id != 0) {
            run = requireRun(*project, id);
            if (!canGoOn(*run))
                fail("Run {} is {}, so there is nothing to go on with", id, runStateName(run->state));
        } else {
            const auto runs = project->runs(); // newest first
            const auto found = std::find_if(runs.begin(), runs.end(), canGoOn);
            if (found == runs.end())
                fail("{}: no run is paused, stopped or interrupted; `mpo runs list` shows them",
                    project->folder().string());
            run = *found;
        }
    }
    const TrainStage command = commandOfRun(stageFromName(run->stage), run->config);
    return runOnEngine(
        global, openProject(global, Project::Access::ReadWrite), command, {Printing::Json::Steps, command.out});
}

} // namespace

void addRunsControl(CLI::App& runs, Arguments& arguments)
{
    const auto add = [&](const char* name, const char* help, auto action) {
        auto* command = runs.add_subcommand(name, help);
        auto id = std::make_shared<std::int64_t>(0);
        command->add_option("run", *id, "Its number; default: the one under way")
            ->type_name("RUN")
            ->check(plain(CLI::PositiveNumber))
            ->always_capture_default(false);
        command->callback([id, action, &arguments] {
            arguments.action = [id, action](const GlobalOptions& global) { return action(global, *id); };
        });
        return command;
    };
    add("watch", "Follow a run of another program, step by step", watchRun);
    auto release = std::make_shared<bool>(false), discard = std::make_shared<bool>(false);
    add("pause", "Hold the run that another program computes", [release](const GlobalOptions& global, std::int64_t id) {
        return askFor(global, *release ? RequestKind::Release : RequestKind::Pause, id);
    })->add_flag("--release", *release, "End it with a checkpoint, so that its memory is free; `runs resume` goes on");
    add("resume", "Let it go on; or go on here with a run that was paused, stopped or interrupted", resumeRun);
    add("checkpoint", "Have a checkpoint written now",
        [](const GlobalOptions& global, std::int64_t id) { return askFor(global, RequestKind::Checkpoint, id); });
    add("stop", "Stop it at its next step, with a checkpoint", [discard](const GlobalOptions& global, std::int64_t id) {
        return askFor(global, *discard ? RequestKind::Discard : RequestKind::Stop, id);
    })->add_flag("--discard", *discard, "Throw away what it has made");
}

} // namespace mpo::cli
