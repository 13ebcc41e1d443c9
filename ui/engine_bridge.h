// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/engine.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <memory>
#include <mutex>
#include <vector>

namespace mpo {

/// The engine for the window: commands go down, events come up as signals on the thread this object lives on (the UI
/// thread). Metrics arrive in batches, at most ten a second; the store keeps every point. The only includer of engine.h
/// in ui.
class EngineBridge : public QObject
{
    Q_OBJECT
public:
    explicit EngineBridge(std::shared_ptr<Project> project, Engine::Execute execute = {}, QObject* parent = nullptr);
    ~EngineBridge() override; ///< cancels what is running and waits for it

    Project& project() const { return *m_project; }

    void post(Command command); ///< queued behind what is running
    void cancel(); ///< asks the running command to stop at its next step
    void pause();
    void resume();
    bool paused() const { return m_engine.paused(); }
    /// From post() until CommandFinished of the last command was delivered.
    bool busy() const { return m_outstanding > 0; }

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
    void pipelineStep(const mpo::PipelineStep& event);
    void reportWritten(const mpo::ReportWritten& event);
    void commandFinished(const mpo::CommandFinished& event); ///< busy() already tells the state after it

private:
    void receive(Event event); ///< on the engine thread
    void drain();
    void flushMetrics();
    void dispatch(const Event& event);

    std::shared_ptr<Project> m_project;
    std::mutex m_mutex; ///< guards m_inbox and m_drainPosted
    std::vector<Event> m_inbox;
    bool m_drainPosted = false;
    std::vector<MetricsLogged> m_metrics; ///< waiting for the next batch
    QElapsedTimer m_sinceBatch;
    QTimer m_batchTimer;
    int m_outstanding = 0;
    Engine m_engine; ///< last: its thread ends before anything it reports to
};

} // namespace mpo
