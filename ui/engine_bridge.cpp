// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine_bridge.h"

#include "core/engine/project_watcher.h"
#include "core/store/project.h"
#include "core/support/error.h"
#include "ui/format.h"

#include <utility>

namespace mpo {

namespace {

constexpr int kBatchMilliseconds = 100;
constexpr int kAnswerMilliseconds = 100;

template<class... Ts>
struct Overloaded : Ts...
{
    using Ts::operator()...;
};

} // namespace

EngineBridge::EngineBridge(std::shared_ptr<Project> project, Engine::Execute execute, QObject* parent)
    : QObject(parent)
    , m_project(std::move(project))
{
    m_batchTimer.setSingleShot(true);
    connect(&m_batchTimer, &QTimer::timeout, this, &EngineBridge::flushMetrics);
    m_answerTimer.setInterval(kAnswerMilliseconds);
    connect(&m_answerTimer, &QTimer::timeout, this, &EngineBridge::lookForAnswers);
    const auto sink = [this](Event event) { receive(std::move(event)); };
    if (m_project->access() == Project::Access::ReadWrite)
        m_engine = std::make_unique<Engine>(m_project, sink, std::move(execute));
    else
        m_watcher = std::make_unique<ProjectWatcher>(m_project, sink);
}

EngineBridge::~EngineBridge() = default;

bool EngineBridge::busy() const { return m_engine ? !m_commands.empty() : m_writer && m_writer->busy; }

bool EngineBridge::paused() const { return m_engine ? m_engine->paused() : m_writer && m_writer->paused; }

void EngineBridge::post(Command command)
{
    if (!m_engine) {
        Q_EMIT commandFinished({CommandFinished::Outcome::Failed,
            tr("The project is only read here: another program has it open.").toStdString()});
        return;
    }
    m_commands.push_back(command);
    m_engine->post(std::move(command));
    if (m_commands.size() == 1)
        Q_EMIT busyChanged(true);
}

void EngineBridge::cancel(OnStop wish)
{
    if (m_engine)
        m_engine->cancel(wish);
    else
        ask(wish == OnStop::Keep        ? RequestKind::Stop
                : wish == OnStop::Pause ? RequestKind::Release
                                        : RequestKind::Discard);
}

void EngineBridge::pause()
{
    if (!m_engine) {
        ask(RequestKind::Pause);
        return;
    }
    m_engine->pause();
    Q_EMIT pausedChanged(true);
}

void EngineBridge::resume()
{
    if (!m_engine) {
        ask(RequestKind::Resume);
        return;
    }
    m_engine->resume();
    Q_EMIT pausedChanged(false);
}

void EngineBridge::checkpoint() { ask(RequestKind::Checkpoint); }

/// Also the engine of this program is asked this way for what it does on request only.
void EngineBridge::ask(RequestKind kind)
{
    try {
        m_asked.push_back(putRequest(m_project->folder(), kind, 0));
        m_answerTimer.start();
    } catch (const Error& error) {
        Q_EMIT requestAnswered(false, toQString(error.what()));
    }
}

void EngineBridge::lookForAnswers()
{
    std::erase_if(m_asked, [this](const std::string& id) {
        const auto answer = takeAnswer(m_project->folder(), id);
        if (answer)
            Q_EMIT requestAnswered(answer->done, toQString(answer->message));
        return answer.has_value();
    });
    if (!m_asked.empty() && writingProcess(m_project->folder()))
        return;
    m_answerTimer.stop();
    if (!m_asked.empty())
        Q_EMIT requestAnswered(false, tr("The program that was asked has ended."));
    m_asked.clear();
}

void EngineBridge::setWriter(const std::optional<WriterState>& writer)
{
    if (m_engine) { // another program asked this one
        Q_EMIT pausedChanged(m_engine->paused());
        return;
    }
    const bool wasBusy = busy(), wasPaused = paused();
    m_writer = writer;
    Q_EMIT writerChanged();
    if (busy() != wasBusy)
        Q_EMIT busyChanged(busy());
    if (paused() != wasPaused)
        Q_EMIT pausedChanged(paused());
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
                   [](const CheckpointWritten&) {},
                   [this](const RunEnded& e) { Q_EMIT runEnded(e); },
                   [this](const DatasetImported& e) { Q_EMIT datasetImported(e); },
                   [this](const DatasetExported& e) { Q_EMIT datasetExported(e); },
                   [this](const ModelSaved& e) { Q_EMIT modelSaved(e); },
                   [this](const PairsScored& e) { Q_EMIT pairsScored(e); },
                   [this](const SplitSaved& e) { Q_EMIT splitSaved(e); },
                   [this](const ResponsesSampled& e) { Q_EMIT responsesSampled(e); },
                   [this](const LogProbsComputed& e) { Q_EMIT logProbsComputed(e); },
                   [this](const EvaluationCreated& e) { Q_EMIT evaluationCreated(e); },
                   [this](const EvaluationJudged& e) { Q_EMIT evaluationJudged(e); },
                   [this](const PipelineStep& e) { Q_EMIT pipelineStep(e); },
                   [this](const ReportWritten& e) { Q_EMIT reportWritten(e); },
                   [this](const WriterChanged& e) { setWriter(e.writer); },
                   [this](const StoreChanged&) { Q_EMIT storeChanged(); },
                   [](const BenchMeasured&) {}, // of the command line alone
                   [this](const MachineUsed& e) { Q_EMIT machineUsed(e); },
                   [this](const ChatWriting& e) { Q_EMIT chatWriting(e); },
                   [this](const ChatAnswered& e) { Q_EMIT chatAnswered(e); },
                   [this](const AnswersScored& e) { Q_EMIT answersScored(e); },
                   [this](const CommandFinished& e) {
                       if (!m_engine) {
                           Q_EMIT commandFinished(e);
                           return;
                       }
                       m_commands.pop_front();
                       // A paused engine would hold the next command at its first step.
                       if (m_commands.empty() && m_engine->paused())
                           resume();
                       Q_EMIT commandFinished(e);
                       if (m_commands.empty())
                           Q_EMIT busyChanged(false);
                   },
               },
        event);
}

} // namespace mpo
