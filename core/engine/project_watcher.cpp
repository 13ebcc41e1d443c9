// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/project_watcher.h"

#include "core/store/run_log.h"
#include "core/support/error.h"

#include <algorithm>
#include <chrono>

namespace mpo {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);

/// Changes when something was added, removed or renamed that a page lists.
std::string contentsOf(const Project& project)
{
    std::string text;
    const auto add = [&](const auto& rows) {
        for (const auto& row : rows) {
            text += row.name;
            text += '\n';
        }
        text += '\f';
    };
    add(project.datasets());
    add(project.models());
    add(project.scoreSets());
    for (const EvaluationRow& row : project.evaluations())
        text += row.name + (row.closed ? " closed\n" : "\n");
    for (const ModelRow& row : project.models())
        text += row.digest;
    return text;
}

LogLine::Level levelFrom(const std::string& name)
{
    return name == "error" ? LogLine::Level::Error : name == "warning" ? LogLine::Level::Warning : LogLine::Level::Info;
}

} // namespace

ProjectWatcher::ProjectWatcher(std::shared_ptr<Project> project, EventSink sink, Options options)
    : m_project(std::move(project))
    , m_sink(std::move(sink))
    , m_options(options)
    , m_thread([this](const std::stop_token& quit) { run(quit); })
{
}

ProjectWatcher::~ProjectWatcher()
{
    m_thread.request_stop();
    m_thread.join();
}

void ProjectWatcher::run(const std::stop_token& quit)
{
    std::unique_lock lock(m_sleep);
    while (!quit.stop_requested() && !m_ended) {
        try {
            look();
            m_problem.clear();
        } catch (const Error& error) {
            if (m_problem != error.what()) // a folder that has gone would be told five times a second
                m_sink(LogLine {LogLine::Level::Error, m_problem = error.what()});
        }
        m_first = false;
        m_wake.wait_for(lock, quit, kPoll, [] { return false; });
    }
}

void ProjectWatcher::look()
{
    // The writer is read before the store: what it did before it went is in the store already.
    const auto writer = readWriter(m_project->folder());
    const bool changed = m_first || writer != m_writer;
    const auto before = std::exchange(m_writer, writer);
    const bool wasBusy = std::exchange(m_busy, m_writer && m_writer->busy);
    if (changed && m_busy)
        m_sink(WriterChanged {m_writer});
    if (m_writer && m_writer->pipelineStep > 0
        && (!before || before->pipelineStep != m_writer->pipelineStep
            || before->pipelineTitle != m_writer->pipelineTitle))
        m_sink(PipelineStep {m_writer->pipelineTitle, m_writer->pipelineStep, m_writer->pipelineSteps});

    if (const std::int64_t counter = m_project->changeCounter(); counter != m_counter) {
        m_counter = counter;
        lookAtStore();
    }
    lookAtRun();
    lookAtProcess();
    if (m_writer && !m_writer->what.empty()
        && (!before || before->what != m_writer->what || before->share != m_writer->share))
        m_sink(Progress {m_writer->what, m_writer->share, m_writer->detail});

    // Runs are ended before it is said that nothing goes on.
    if (changed && !m_busy)
        m_sink(WriterChanged {m_writer});
    if (wasBusy && !m_busy)
        m_sink(m_end); // as the last run of it ended
}

void ProjectWatcher::lookAtProcess()
{
    constexpr auto kBetween = std::chrono::seconds(1);
    const auto now = std::chrono::steady_clock::now();
    if (!m_busy || m_writer->process == 0) {
        m_usage.reset();
        return;
    }
    if (m_usage && m_usage->process() == m_writer->process && now - m_usageTold < kBetween)
        return;
    if (!m_usage || m_usage->process() != m_writer->process)
        m_usage.emplace(m_writer->process);
    m_usageTold = now;
    if (const auto sample = m_usage->next())
        m_sink(MachineUsed {sample->cpuShare, sample->processors, sample->residentBytes});
}

void ProjectWatcher::lookAtStore()
{
    const std::string contents = contentsOf(*m_project);
    if (!m_first && contents != m_contents)
        m_sink(StoreChanged {});
    m_contents = contents;
}

void ProjectWatcher::lookAtRun()
{
    if (m_run == 0) {
        const std::vector<RunRow> runs = m_options.run == 0 ? m_project->runs() : std::vector<RunRow>();
        const auto running
            = std::find_if(runs.begin(), runs.end(), [](const RunRow& row) { return row.state == RunState::Running; });
        if (m_options.run != 0) {
            if (const auto row = m_project->run(m_options.run))
                followRun(*row);
        } else if (running != runs.end() && m_writer) {
            followRun(*running);
        }
    }
    if (m_run == 0)
        return;
    const auto row = m_project->run(m_run);
    if (!row)
        return;
    if (row->steps < m_step) { // begun anew, or gone on with from an earlier checkpoint
        m_step = row->steps;
        m_sampleStep = row->steps - 1; // samples of the reference have step 0
        m_started = false;
    }
    tellLog();
    tellSteps();
    // Without a writer nobody is there any more to say that it has ended.
    if (row->state != RunState::Running || !writingProcess(m_project->folder()))
        endRun(*m_project->run(m_run));
}

void ProjectWatcher::followRun(const RunRow& row)
{
    m_run = row.id;
    m_end = {};
    m_started = false;
    m_logRead = 0;
    m_step = 0;
    m_sampleStep = -1; // samples of the reference have step 0
    if (m_first && !m_options.fromBeginning) {
        m_step = std::max<std::int64_t>(0, row.steps - 1); // so that the last step is seen at once
        m_sampleStep = row.steps;
        readRunLog(m_project->runFolder(m_run), m_logRead);
    }
}

void ProjectWatcher::tellSteps()
{
    const auto row = m_project->run(m_run);
    const std::vector<MetricStep> steps = m_project->metricsAfter(m_run, m_step);
    if (!m_started && (!steps.empty() || row->steps > 0)) {
        m_started = true;
        const bool known = m_writer && m_writer->run == m_run;
        m_sink(RunStarted {m_run, row->stage, row->name, row->totalSteps, known ? m_writer->firstStep : m_step});
    }
    for (const MetricStep& step : steps)
        m_sink(MetricsLogged {m_run, step.step, row->totalSteps, step.seconds, step.metrics});
    if (const auto samples = m_project->samplesAfter(m_run, m_sampleStep); !samples.empty()) {
        m_sampleStep = samples.back().step;
        m_sink(SamplesLogged {m_run, samples});
    }
    if (!steps.empty())
        m_step = steps.back().step;
}

void ProjectWatcher::tellLog()
{
    for (const RunLogLine& line : readRunLog(m_project->runFolder(m_run), m_logRead))
        m_sink(LogLine {levelFrom(line.level), line.text});
}

void ProjectWatcher::endRun(const RunRow& row)
{
    tellLog(); // what came between
    tellSteps();
    RunEnded ended {m_run, row.state, row.message};
    if (row.state == RunState::Running)
        ended = {m_run, RunState::Interrupted, "The program that ran it has ended without a word; it can be resumed"};
    using Outcome = CommandFinished::Outcome;
    m_end.message = ended.message;
    m_end.outcome = ended.state == RunState::Finished                             ? Outcome::Succeeded
        : ended.state == RunState::Failed || ended.state == RunState::Interrupted ? Outcome::Failed
                                                                                  : Outcome::Cancelled;
    m_sink(ended);
    m_run = 0;
    m_ended = m_options.run != 0;
}

} // namespace mpo
