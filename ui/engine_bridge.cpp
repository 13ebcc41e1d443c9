// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine_bridge.h"

#include <utility>

namespace mpo {

namespace {

constexpr int kBatchMilliseconds = 100;

template<class... Ts>
struct Overloaded : Ts...
{
    using Ts::operator()...;
};

} // namespace

EngineBridge::EngineBridge(std::shared_ptr<Project> project, Engine::Execute execute, QObject* parent)
    : QObject(parent)
    , m_project(std::move(project))
    , m_engine(
          m_project, [this](Event event) { receive(std::move(event)); }, std::move(execute))
{
    m_batchTimer.setSingleShot(true);
    connect(&m_batchTimer, &QTimer::timeout, this, &EngineBridge::flushMetrics);
}

EngineBridge::~EngineBridge() = default;

void EngineBridge::post(Command command)
{
    ++m_outstanding;
    m_engine.post(std::move(command));
    if (m_outstanding == 1)
        Q_EMIT busyChanged(true);
}

void EngineBridge::cancel() { m_engine.cancel(); }

void EngineBridge::pause()
{
    m_engine.pause();
    Q_EMIT pausedChanged(true);
}

void EngineBridge::resume()
{
    m_engine.resume();
    Q_EMIT pausedChanged(false);
}

void EngineBridge::receive(Event event)
{
    const std::lock_guard lock(m_mutex);
    m_inbox.push_back(std::move(event));
    if (std::exchange(m_drainPosted, true))
        return;
    QMetaObject::invokeMethod(this, &EngineBridge::drain, Qt::QueuedConnection);
}

void EngineBridge::drain()
{
    std::vector<Event> events;
    {
        const std::lock_guard lock(m_mutex);
        events.swap(m_inbox);
        m_drainPosted = false;
    }
    for (Event& event : events) {
        if (auto* metrics = std::get_if<MetricsLogged>(&event)) {
            m_metrics.push_back(std::move(*metrics));
            continue;
        }
        // A curve must be whole before anything says that its run or step is over.
        if (std::holds_alternative<RunStarted>(event) || std::holds_alternative<RunEnded>(event)
            || std::holds_alternative<PipelineStep>(event) || std::holds_alternative<CommandFinished>(event))
            flushMetrics();
        dispatch(event);
    }
    if (m_metrics.empty())
        return;
    const qint64 elapsed = m_sinceBatch.isValid() ? m_sinceBatch.elapsed() : kBatchMilliseconds;
    if (elapsed >= kBatchMilliseconds)
        flushMetrics();
    else if (!m_batchTimer.isActive())
        m_batchTimer.start(int(kBatchMilliseconds - elapsed));
}

void EngineBridge::flushMetrics()
{
    m_batchTimer.stop();
    if (m_metrics.empty())
        return;
    m_sinceBatch.start();
    Q_EMIT metricsLogged(std::exchange(m_metrics, {}));
}

void EngineBridge::dispatch(const Event& event)
{
    std::visit(Overloaded {
                   [this](const RunStarted& e) { Q_EMIT runStarted(e); },
                   [](const MetricsLogged&) { Q_UNREACHABLE(); },
                   [this](const Progress& e) { Q_EMIT progress(e); },
                   [this](const LogLine& e) { Q_EMIT logLine(e); },
                   [this](const SamplesLogged& e) { Q_EMIT samplesLogged(e); },
                   [this](const RunEnded& e) { Q_EMIT runEnded(e); },
                   [this](const DatasetImported& e) { Q_EMIT datasetImported(e); },
                   [this](const DatasetExported& e) { Q_EMIT datasetExported(e); },
                   [this](const ModelSaved& e) { Q_EMIT modelSaved(e); },
                   [this](const PairsScored& e) { Q_EMIT pairsScored(e); },
                   [this](const SplitSaved& e) { Q_EMIT splitSaved(e); },
                   [this](const ResponsesSampled& e) { Q_EMIT responsesSampled(e); },
                   [this](const LogProbsComputed& e) { Q_EMIT logProbsComputed(e); },
                   [this](const EvaluationCreated& e) { Q_EMIT evaluationCreated(e); },
                   [this](const PipelineStep& e) { Q_EMIT pipelineStep(e); },
                   [this](const ReportWritten& e) { Q_EMIT reportWritten(e); },
                   [this](const CommandFinished& e) {
                       --m_outstanding;
                       // A paused engine would hold the next command at its first step.
                       if (m_outstanding == 0 && m_engine.paused())
                           resume();
                       Q_EMIT commandFinished(e);
                       if (m_outstanding == 0)
                           Q_EMIT busyChanged(false);
                   },
               },
        event);
}

} // namespace mpo
