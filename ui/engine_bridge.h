// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/engine.h"
#include "core/store/control_folder.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace mpo {

class ProjectWatcher;

/// The engine for the window: commands go down, events come up as signals on the thread this object lives on (the UI
/// thread). Metrics arrive in batches, at most ten a second; the store keeps every point. The only includer of engine.h
/// in ui.
/// Of a project that is only read it tells in the same way what the program does that writes to it, and asks that one
/// to pause, go on or stop.
class EngineBridge : public QObject
{
    Q_OBJECT
public:
    explicit EngineBridge(std::shared_ptr<Project> project, Engine::Execute execute = {}, QObject* parent = nullptr);
    ~EngineBridge() override; ///< cancels what is running and waits for it

    Project& project() const { return *m_project; }

    void post(Command command); ///< queued behind what is running; refused where the project is only read
    void cancel(OnStop wish = OnStop::Keep); ///< asks the running command to stop at its next step
    void pause();
    void resume();
    void checkpoint(); ///< asks for one as soon as there is a whole step
    bool paused() const;
    /// From post() until CommandFinished of the last command was delivered; of another program: while it runs
    /// something.
    bool busy() const;
    bool readOnly() const { return !m_engine; } ///< another program writes, or nobody may
    const std::optional<WriterState>& writer() const { return m_writer; } ///< where the project is only read
    const Command* current() const { return m_commands.empty() ? nullptr : &m_commands.front(); } ///< that runs here
    std::size_t commands() const { return m_commands.size(); }

Q_SIGNALS:
    void busyChanged(bool busy);
    void pausedChanged(bool paused);

    void runStarted(const mpo::RunStarted& event);
    void metricsLogged(const std::vector<mpo::MetricsLogged>& batch); ///< in order; may hold several runs
    void progress(const mpo::Progress& event);
    void logLine(const mpo::LogLine& event);
    void samplesLogged(const mpo::SamplesLogged& event);
    void runEnded(const mpo::RunEnded& event); ///< after the last metrics of the run
    void datasetImported(const mpo::DatasetImported& event);
    void datasetExported(const mpo::DatasetExported& event);
    void modelSaved(const mpo::ModelSaved& event);
    void pairsScored(const mpo::PairsScored& event);
    void splitSaved(const mpo::SplitSaved& event);
    void responsesSampled(const mpo::ResponsesSampled& event);
    void logProbsComputed(const mpo::LogProbsComputed& event);
    void evaluationCreated(const mpo::EvaluationCreated& event);
    void evaluationJudged(const mpo::EvaluationJudged& event);
    void machineUsed(const mpo::MachineUsed& event);
    void chatWriting(const mpo::ChatWriting& event);
    void chatAnswered(const mpo::ChatAnswered& event);
    void answersScored(const mpo::AnswersScored& event);
    void pipelineStep(const mpo::PipelineStep& event);
    void reportWritten(const mpo::ReportWritten& event);
    void writerChanged(); ///< where the project is only read
    void storeChanged(); ///< another program has added or replaced something that pages list
    void requestAnswered(bool done, const QString& sentence); ///< by the program that was asked
    void commandFinished(const mpo::CommandFinished& event); ///< busy() already tells the state after it

private:
    void receive(Event event); ///< on the engine thread
    void drain();
    void flushMetrics();
    void dispatch(const Event& event);
    void setWriter(const std::optional<WriterState>& writer);
    void ask(RequestKind kind);
    void lookForAnswers();

    std::shared_ptr<Project> m_project;
    std::mutex m_mutex; ///< guards m_inbox and m_drainPosted
    std::vector<Event> m_inbox;
    bool m_drainPosted = false;
    std::vector<MetricsLogged> m_metrics; ///< waiting for the next batch
    QElapsedTimer m_sinceBatch;
    QTimer m_batchTimer;
    std::deque<Command> m_commands; ///< posted and not finished
    std::optional<WriterState> m_writer;
    std::vector<std::string> m_asked; ///< requests without an answer yet
    QTimer m_answerTimer;
    // Last: their threads end before anything they report to. One of them is there.
    std::unique_ptr<Engine> m_engine;
    std::unique_ptr<ProjectWatcher> m_watcher;
};

} // namespace mpo
