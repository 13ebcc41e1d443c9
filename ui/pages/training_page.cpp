// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/training_page.h"

#include "core/engine/train_config.h"
#include "core/store/project.h"
#include "core/store/run_log.h"
#include "core/support/error.h"
#include "ui/charts/health_strip.h"
#include "ui/charts/metric_grid.h"
#include "ui/elided_label.h"
#include "ui/find_key.h"
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/pages/training_form.h"
#include "ui/pages/work_progress.h"
#include "ui/sample_view.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QHBoxLayout>
#include <QHideEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace mpo {

namespace {

constexpr int kLogLines = 2000;

QString introductionOf(StageKind stage)
{
    switch (stage) {
    case StageKind::Sft:
        return QObject::tr("Teach a base model to answer, with the chosen responses.");
    case StageKind::Reward:
        return QObject::tr("Learn from preference pairs which response people like better.");
    case StageKind::Dpo:
        return QObject::tr("Stage 1: optimise the model directly on the easy pairs.");
    case StageKind::Ppo:
        return QObject::tr(
            "Stage 2: go on from the DPO model with the prompts of the hard pairs and the reward model.");
    }
    return {};
}

/// While there is no curve yet.
QString beforeFirstStep(StageKind stage)
{
    switch (stage) {
    case StageKind::Sft:
    case StageKind::Reward:
        return QObject::tr("The curves begin with the first step.");
    case StageKind::Dpo:
        return QObject::tr("The curves begin with the first step.\nBefore it the log-probs of the reference are "
                           "computed, once for all pairs.");
    case StageKind::Ppo:
        return QObject::tr("The curves begin with the first step, which ends the first rollout:\nthe policy answers "
                           "prompts, the reward model scores the responses, and the policy learns from them.");
    }
    return {};
}

QString wordOf(RunState state) { return toQString(runStateName(state)); }

} // namespace

TrainingPage::TrainingPage(StageKind stage, EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_stage(stage)
    , m_form(new TrainingForm(stage, bridge.project(), selection, this))
{
    m_start = new QPushButton(tr("Start"), this);
    m_start->setObjectName(QStringLiteral("start"));
    m_start->setShortcut(Qt::CTRL | Qt::Key_Return);
    setRole(m_start, "primary");
    m_pause = new QPushButton(tr("Pause"), this);
    m_stop = new QPushButton(tr("Stop"), this);
    setRole(m_stop, "danger");

    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(toQString(stageTitle(stage)), this));
    titles->addWidget(makeHint(introductionOf(stage), this));
    auto* head = m_head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addLayout(titles, 1);
    head->addWidget(m_pause);
    head->addWidget(m_stop);
    head->addWidget(m_start);

    auto* body = new QHBoxLayout;
    body->setSpacing(2 * kSpace);
    body->addWidget(m_form);
    body->addWidget(makeRunView(), 1);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addLayout(body, 1);

    connect(m_start, &QPushButton::clicked, this, &TrainingPage::start);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        m_bridge.cancel();
        m_stop->setEnabled(false);
        Q_EMIT message(tr("Stopping at the next step; the run can be resumed."));
    });
    connect(m_pause, &QPushButton::clicked, this, [this] { m_bridge.paused() ? m_bridge.resume() : m_bridge.pause(); });
    connect(m_form, &TrainingForm::changed, this, [this] {
        m_startError.clear(); // of what the form said before
        updateButtons();
    });
    connect(m_form, &TrainingForm::message, this, &TrainingPage::message);
    connectBridge();
    updateButtons();
}

SettingsForm* TrainingPage::form() const { return m_form->settings(); }

TrainStage TrainingPage::command() const { return m_form->command(); }

QWidget* TrainingPage::makeRunView()
{
    m_runs = new FormComboBox;
    m_runs->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_runs->setAccessibleName(tr("Run shown"));
    m_runs->setPlaceholderText(tr("Earlier runs"));
    m_runLine = new ElidedLabel;
    setRole(m_runLine, "hint");
    m_resume = new QPushButton(tr("Resume"));
    m_resume->setToolTip(tr("Go on where this run stopped"));
    m_reuse = new QPushButton(tr("Reuse"));
    m_reuse->setToolTip(tr("Copy model, data and settings of this run into the form"));
    auto* row = new QHBoxLayout;
    row->setSpacing(kSpace);
    row->addWidget(m_runs);
    row->addWidget(m_runLine, 1);
    row->addWidget(m_reuse);
    row->addWidget(m_resume);

    m_health = new HealthStrip;
    m_charts = new MetricGrid;
    setFindKey(this, m_charts->filterField());
    m_samples = new SampleView(this);
    m_log = new QPlainTextEdit;
    m_log->setReadOnly(true);
    m_log->document()->setDocumentMargin(kSpace);
    m_log->setMaximumBlockCount(kLogLines);
    m_log->setFont(monospaceFont());
    m_log->setAccessibleName(tr("Log of the run"));
    m_log->setPlaceholderText(tr("What the engine says of this run."));
    m_tabs = new QTabWidget;
    keepState(m_tabs, "tabs");
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    std::vector<std::pair<QWidget*, QString>> parts {{m_charts, tr("Charts")}};
    if (m_stage == StageKind::Dpo || m_stage == StageKind::Ppo)
        parts.emplace_back(m_samples, tr("Samples"));
    else
        m_samples->hide(); // nothing is sampled
    parts.emplace_back(m_log, tr("Log"));
    for (const auto& [widget, title] : parts) {
        auto* page = new QWidget;
        auto* layout = new QVBoxLayout(page);
        layout->setContentsMargins(0, kSpace, 0, 0);
        layout->addWidget(widget);
        m_tabs->addTab(page, title);
    }

    auto* view = new QWidget;
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    m_failure = new QLabel;
    m_failure->setWordWrap(true);
    m_failure->setTextInteractionFlags(Qt::TextSelectableByMouse);
    setRole(m_failure, "error");
    m_starting = new WorkProgress;
    layout->addLayout(row);
    layout->addWidget(m_failure);
    layout->addWidget(m_starting);
    layout->addWidget(m_health);
    layout->addWidget(m_tabs, 1);

    connect(m_runs, &QComboBox::activated, this, [this](int index) {
        m_startError.clear();
        showRun(m_runs->itemData(index).toLongLong());
    });
    connect(m_resume, &QPushButton::clicked, this, &TrainingPage::resumeRun);
    connect(m_reuse, &QPushButton::clicked, this, &TrainingPage::reuseSettings);
    return view;
}

void TrainingPage::connectBridge()
{
    connect(&m_bridge, &EngineBridge::runStarted, this, [this](const RunStarted& event) {
        if (event.stage != stageName(m_stage))
            return;
        m_posted = false;
        m_startError.clear();
        m_liveRun = event.run;
        m_totalSteps = event.totalSteps;
        loadRunList();
        showRun(event.run); // a resumed run brings its earlier curve
    });
    connect(&m_bridge, &EngineBridge::metricsLogged, this, [this](const std::vector<MetricsLogged>& batch) {
        m_charts->append(batch);
        for (const MetricsLogged& event : batch) {
            if (event.run != m_run)
                continue;
            m_step = event.step;
            m_totalSteps = event.totalSteps;
            m_health->append(event.metrics);
        }
        if (!batch.empty() && batch.back().run == m_run) {
            showAlarms();
            updateRunLine();
        }
    });
    connect(&m_bridge, &EngineBridge::samplesLogged, this, [this](const SamplesLogged& event) {
        if (event.run == m_run)
            m_samples->append(event.samples);
    });
    connect(&m_bridge, &EngineBridge::logLine, this, [this](const LogLine& event) {
        // Before its first step the run is not known; then its log is read from its folder.
        if (m_liveRun == 0 ? isHidden() || m_run != 0 : m_run != m_liveRun)
            return;
        constexpr std::array levels {"info", "warning", "error"};
        addLogLine(levels.at(std::size_t(event.level)), toQString(event.text));
        if (event.level != LogLine::Level::Info && m_run != 0) // an alarm is told after the metrics of its step
            showAlarms();
    });
    connect(&m_bridge, &EngineBridge::runEnded, this, [this](const RunEnded& event) {
        // It may have failed, or have been stopped, before its first step.
        const bool early = m_liveRun == 0 && m_posted;
        if (event.run != m_liveRun && !early)
            return;
        m_liveRun = 0;
        m_posted = false;
        if (early)
            showRun(event.run);
        loadRunList();
        updateRunLine();
        updateButtons();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!std::exchange(m_posted, false))
            return;
        if (event.outcome == CommandFinished::Outcome::Succeeded)
            Q_EMIT message(
                tr("This is trained already, with the same settings. Choose another name to train it again."));
        else if (event.outcome == CommandFinished::Outcome::Failed)
            m_startError = toQString(event.message);
        if (m_run == 0)
            showRun(m_before);
        updateButtons();
    });
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (!isVisible() || !isStarting())
            return;
        if (event.share < 1.0)
            m_starting->showProgress(toQString(event.what), event.share, toQString(event.detail));
        else // done; a full bar would say that all is
            m_starting->showProgress(tr("On the way to the first step…"), -1.0, {});
    });
    connect(&m_bridge, &EngineBridge::busyChanged, this, &TrainingPage::updateButtons);
    connect(&m_bridge, &EngineBridge::pausedChanged, this, &TrainingPage::updateButtons);
}

void TrainingPage::showAlarms()
{
    const std::vector<AlarmRow> alarms = project().alarms(m_run);
    m_health->setAlarms(alarms);
    m_charts->setAlarms(m_run, alarms);
}

void TrainingPage::addLogLine(const std::string& level, const QString& text)
{
    m_log->appendPlainText((level == "info" ? QString() : toQString(level) + QStringLiteral(": ")) + text);
}

void TrainingPage::start()
{
    if (m_bridge.busy() || !m_form->isReady())
        return;
    m_form->started();
    m_posted = true;
    m_startError.clear();
    m_bridge.post(command());
    m_before = m_run;
    showNothing();
    updateButtons();
}

void TrainingPage::resumeRun()
{
    const std::optional<RunRow> row = project().run(m_run);
    if (!row || m_bridge.busy())
        return;
    m_startError.clear();
    try {
        m_bridge.post(commandOfRun(m_stage, row->config));
        m_posted = true;
    } catch (const Error& error) {
        Q_EMIT message(toQString(error.what()));
    }
    updateButtons();
}

void TrainingPage::reuseSettings()
{
    const std::optional<RunRow> row = project().run(m_run);
    if (!row)
        return;
    try {
        m_form->fillFrom(commandOfRun(m_stage, row->config));
        Q_EMIT message(tr("The form now holds the settings of run %1.").arg(m_run));
    } catch (const Error& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

void TrainingPage::refresh()
{
    m_form->refresh();
    loadRunList();
    if (m_run == 0 && m_runs->count() > 0 && !m_posted) {
        const qint64 restored = qint64(m_restored[QStringLiteral("run")].toDouble());
        const bool there = m_runs->findData(restored) >= 0;
        showRun(there ? restored : m_runs->itemData(0).toLongLong());
        if (m_run == qint64(m_restored[QStringLiteral("zoomed")].toDouble()))
            m_charts->setZooms(m_restored[QStringLiteral("zooms")].toObject());
    }
    updateRunLine();
    updateButtons();
}

QJsonObject TrainingPage::choices() const
{
    QJsonObject choices = m_run != 0 ? QJsonObject {} : m_restored; // never opened: as it was
    if (m_run != 0) {
        choices[QStringLiteral("zoomed")] = m_run;
        choices[QStringLiteral("zooms")] = m_charts->zooms();
        if (m_runs->currentIndex() > 0) // else the newest, whichever that will be
            choices[QStringLiteral("run")] = m_run;
    }
    choices[QStringLiteral("form")] = m_form->choices();
    return choices;
}

void TrainingPage::restoreChoices(const QJsonObject& choices)
{
    m_restored = choices;
    m_form->restoreChoices(choices[QStringLiteral("form")].toObject());
}

QPushButton* TrainingPage::addHeadButton(const QString& text)
{
    auto* button = new QPushButton(text, this);
    m_head->insertWidget(1, button);
    return button;
}

void TrainingPage::loadRunList()
{
    const QSignalBlocker blocker(m_runs);
    m_runs->clear();
    for (const RunRow& row : project().runs())
        if (row.stage == stageName(m_stage))
            m_runs->addItem(tr("Run %1 · %2").arg(row.id).arg(toQString(row.name)), qint64(row.id));
    m_runs->setVisible(m_runs->count() > 0);
    m_runs->setCurrentIndex(m_runs->findData(m_run));
}

void TrainingPage::showNothing()
{
    m_run = 0;
    m_step = m_totalSteps = 0;
    m_health->setRun({}, {});
    m_charts->setRuns({});
    m_samples->setSamples({});
    m_log->clear();
    const QSignalBlocker blocker(m_runs);
    m_runs->setCurrentIndex(-1);
}

bool TrainingPage::isStarting() const
{
    if (m_liveRun != 0 || !m_bridge.busy())
        return false;
    if (m_posted)
        return true;
    // Of a pipeline, or of another program.
    if (const Command* own = m_bridge.current();
        own && !std::get_if<RunDemo>(own) && !std::get_if<RunRecipe>(own) && !std::get_if<RunExperiment>(own))
        return false;
    const std::vector<RunRow> runs = project().runs();
    return std::any_of(runs.begin(), runs.end(),
        [this](const RunRow& row) { return row.state == RunState::Running && row.stage == stageName(m_stage); });
}

void TrainingPage::showStarting()
{
    const bool starting = isStarting();
    m_charts->setEmptyText(starting
            ? beforeFirstStep(m_stage)
            : tr("No run yet. Choose a model and data, then press Start: the curves appear here while it trains."));
    if (!starting)
        m_starting->hide();
    else if (m_starting->isHidden())
        m_starting->showProgress(tr("Starting…"), -1.0, {});
}

void TrainingPage::showRun(qint64 run)
{
    const std::optional<RunRow> row = project().run(run);
    if (!row)
        return;
    m_run = run;
    m_step = row->steps;
    m_totalSteps = std::max<qint64>(row->totalSteps, run == m_liveRun ? m_totalSteps : 0);
    std::vector<MetricSeries> series = project().metrics(run);
    m_health->setRun(series, {});
    m_charts->setRuns({{run, toQString(row->name), std::move(series), toQString(row->started)}});
    showAlarms();
    m_samples->setSamples(project().samples(run));
    m_log->clear();
    std::uint64_t read = 0;
    for (const RunLogLine& line : readRunLog(project().runFolder(run), read))
        addLogLine(line.level, toQString(line.text));
    const QSignalBlocker blocker(m_runs);
    m_runs->setCurrentIndex(m_runs->findData(run));
    updateRunLine();
    updateButtons();
}

QString TrainingPage::runText() const
{
    if (m_run == 0)
        return m_posted ? tr("starting") : QString();
    const QString steps = m_totalSteps > 0 ? tr("step %1 of %2").arg(formatCount(m_step), formatCount(m_totalSteps))
                                           : tr("%1 steps").arg(formatCount(m_step));
    if (m_run == m_liveRun)
        return (m_bridge.paused() ? tr("paused") : tr("running")) + QStringLiteral(" · ") + steps;
    const std::optional<RunRow> row = project().run(m_run);
    if (!row)
        return {};
    return wordOf(row->state) + QStringLiteral(" · ") + steps;
}

void TrainingPage::updateRunLine()
{
    m_runLine->setText(runText());
    m_runLine->setToolTip(m_runLine->text());
    m_runLine->setVisible(m_runs->count() > 0); // or the list would take its room
    QString failure = m_startError;
    if (failure.isEmpty() && m_run != 0 && m_run != m_liveRun)
        if (const auto row = project().run(m_run); row && row->state == RunState::Failed)
            failure = toQString(row->message);
    m_failure->setText(failure);
    m_failure->setVisible(!failure.isEmpty());
}

void TrainingPage::hideEvent(QHideEvent* event)
{
    Page::hideEvent(event);
    if (!event->spontaneous()) // else the window is minimised
        m_startError.clear(); // whoever leaves the page has read it
}

void TrainingPage::updateButtons()
{
    const bool busy = m_bridge.busy();
    const bool live = m_liveRun != 0 || (m_posted && busy);
    const bool free = !busy && !m_bridge.readOnly();
    m_start->setEnabled(free && m_form->isReady());
    m_start->setToolTip(m_bridge.readOnly() ? tr("Another program writes to this project; it is only read here.")
            : busy                          ? tr("Something else is running; it can be stopped in the bar below.")
                                            : tr("Ctrl+Enter"));
    m_form->showState(busy);
    m_pause->setVisible(live);
    m_stop->setVisible(live);
    m_start->setVisible(!live);
    m_stop->setEnabled(live);
    m_pause->setText(m_bridge.paused() ? tr("Continue") : tr("Pause"));
    m_reuse->setVisible(m_run != 0);
    bool resumable = false;
    if (m_run != 0 && !live)
        if (const auto row = project().run(m_run)) {
            resumable = row->state != RunState::Finished;
            m_resume->setText(row->state == RunState::Paused ? tr("Continue") : tr("Resume"));
        }
    m_resume->setVisible(resumable);
    m_resume->setEnabled(free);
    showStarting();
    updateRunLine();
}

} // namespace mpo
