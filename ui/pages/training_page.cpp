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
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/forms/item_picker.h"
#include "ui/forms/memory_panel.h"
#include "ui/forms/settings_form.h"
#include "ui/forms/train_command.h"
#include "ui/sample_view.h"
#include "ui/style.h"

#include <QApplication>
#include <QClipboard>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace mpo {

namespace {

constexpr int kFormWidth = 320;
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

QString wordOf(RunState state) { return toQString(runStateName(state)); }

} // namespace

TrainingPage::TrainingPage(StageKind stage, EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_stage(stage)
{
    m_start = new QPushButton(tr("Start"), this);
    m_start->setObjectName(QStringLiteral("start"));
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
    body->addWidget(makeForm());
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
    connectBridge();
    updateButtons();
}

QWidget* TrainingPage::makeForm()
{
    auto* content = new QWidget;
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    layout->setSpacing(kSpace);

    auto* pickers = new QFormLayout;
    pickers->setContentsMargins(0, 0, 0, 0);
    pickers->setSpacing(kSpace);
    pickers->setLabelAlignment(Qt::AlignLeft);
    pickers->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_model = new ItemPicker(ItemPicker::Browse::Folder);
    m_model->setPlaceholder(tr("No model yet"));
    m_model->setToolTip(m_stage == StageKind::Reward ? tr("The model whose body becomes the reward model")
            : m_stage == StageKind::Ppo ? tr("The model of stage 1: PPO starts from it and is anchored to it")
                                        : tr("The model to start from; it is also the reference"));
    pickers->addRow(tr("Model"), m_model);
    m_data = new ItemPicker(ItemPicker::Browse::File);
    m_data->setPlaceholder(tr("No data yet"));
    pickers->addRow(tr("Data"), m_data);
    if (m_stage == StageKind::Dpo || m_stage == StageKind::Ppo) {
        m_split = new ItemPicker;
        m_split->setOptional(tr("All pairs"));
        m_split->setToolTip(m_stage == StageKind::Dpo ? tr("With a split: its easy pairs only")
                                                      : tr("With a split: the prompts of its hard pairs only"));
        pickers->addRow(tr("Split"), m_split);
    }
    if (m_stage == StageKind::Ppo) {
        m_rewardModel = new ItemPicker(ItemPicker::Browse::Folder);
        m_rewardModel->setPlaceholder(tr("No reward model yet"));
        pickers->addRow(tr("Reward"), m_rewardModel);
        m_sftModel = new ItemPicker(ItemPicker::Browse::Folder);
        m_sftModel->setOptional(tr("Not logged"));
        m_sftModel->setToolTip(tr("The SFT model, to log the drift of both stages together (objective/kl_sft)"));
        pickers->addRow(tr("SFT"), m_sftModel);
    }
    m_name = new QLineEdit;
    m_name->setObjectName(QStringLiteral("name"));
    m_name->setToolTip(tr("Name of the model that is made"));
    pickers->addRow(tr("Name"), m_name);
    layout->addLayout(pickers);

    m_form = new SettingsForm(m_stage);
    layout->addWidget(m_form, 1);

    auto* scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);

    m_missing = new QLabel;
    m_missing->setWordWrap(true);
    setRole(m_missing, "hint");
    m_copy = new QPushButton(tr("Copy as command"));
    setRole(m_copy, "quiet");
    auto* reset = new QPushButton(tr("Defaults"));
    setRole(reset, "quiet");
    reset->setToolTip(tr("Set every setting back to its default"));
    m_copy->setToolTip(tr("Copy the same training as a line for the terminal"));

    QFrame* card = makeCard();
    card->setFixedWidth(kFormWidth);
    auto* cardLayout = new QVBoxLayout(card);
    cardLayout->setContentsMargins(1, 1, 1, kSpace);
    cardLayout->setSpacing(kSpace / 2);
    cardLayout->addWidget(scroll, 1);
    auto* line = new QFrame;
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    cardLayout->addWidget(line);
    auto* foot = new QVBoxLayout;
    foot->setContentsMargins(kSpace, kSpace / 2, kSpace, 0);
    m_missing->setContentsMargins(kSpace, 0, kSpace, 0);
    foot->addWidget(m_missing);
    m_memory = new MemoryPanel(project());
    m_memory->setContentsMargins(kSpace, 0, kSpace, 0);
    foot->addWidget(m_memory);
    connect(m_memory, &MemoryPanel::proposalChosen, this,
        [this](const std::vector<std::pair<std::string, std::string>>& changes) {
            Settings settings = m_form->settings();
            for (const auto& [name, value] : changes)
                settings.setFromText(name, value);
            m_form->setSettings(settings);
        });
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_copy);
    buttons->addStretch(1);
    buttons->addWidget(reset);
    foot->addLayout(buttons);
    cardLayout->addLayout(foot);

    for (ItemPicker* picker : {m_model, m_data, m_split, m_rewardModel, m_sftModel})
        if (picker)
            connect(picker, &ItemPicker::changed, this, &TrainingPage::updateButtons);
    // Splits belong to a data set.
    if (m_split)
        connect(m_data, &ItemPicker::changed, this,
            [this](const QString& data) { m_split->setItems(splitItems(project(), data)); });
    connect(m_name, &QLineEdit::textEdited, this, [this] { m_nameEdited = true; });
    connect(m_name, &QLineEdit::textChanged, this, &TrainingPage::updateButtons);
    connect(m_form, &SettingsForm::changed, this, &TrainingPage::updateButtons);
    connect(reset, &QPushButton::clicked, m_form, &SettingsForm::reset);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(commandLineOf(command(), project().folder()));
        Q_EMIT message(tr("Copied: the same training as a command for the terminal."));
    });
    return card;
}

QWidget* TrainingPage::makeRunView()
{
    m_runs = new FormComboBox;
    m_runs->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_runs->setAccessibleName(tr("Run shown"));
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
    m_charts->setEmptyText(
        tr("No run yet. Choose a model and data, then press Start: the curves appear here while it trains."));
    m_samples = new SampleView;
    m_log = new QPlainTextEdit;
    m_log->setReadOnly(true);
    m_log->document()->setDocumentMargin(kSpace);
    m_log->setMaximumBlockCount(kLogLines);
    m_log->setFont(monospaceFont());
    m_log->setPlaceholderText(tr("What the engine says of this run."));
    m_tabs = new QTabWidget;
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    for (const auto& [widget, title] : std::initializer_list<std::pair<QWidget*, QString>> {
             {m_charts, tr("Charts")}, {m_samples, tr("Samples")}, {m_log, tr("Log")}}) {
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
    layout->addLayout(row);
    layout->addWidget(m_failure);
    layout->addWidget(m_health);
    layout->addWidget(m_tabs, 1);

    connect(m_runs, &QComboBox::activated, this, [this](int index) { showRun(m_runs->itemData(index).toLongLong()); });
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
            m_health->setAlarms(project().alarms(m_run));
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
            m_health->setAlarms(project().alarms(m_run));
    });
    connect(&m_bridge, &EngineBridge::runEnded, this, [this](const RunEnded& event) {
        if (event.run != m_liveRun)
            return;
        m_liveRun = 0;
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
        updateRunLine();
    });
    connect(&m_bridge, &EngineBridge::busyChanged, this, &TrainingPage::updateButtons);
    connect(&m_bridge, &EngineBridge::pausedChanged, this, &TrainingPage::updateButtons);
}

void TrainingPage::addLogLine(const std::string& level, const QString& text)
{
    m_log->appendPlainText((level == "info" ? QString() : toQString(level) + QStringLiteral(": ")) + text);
}

TrainStage TrainingPage::command() const
{
    TrainStage command;
    command.stage = m_stage;
    command.model = m_model->value().toStdString();
    command.data = m_data->value().toStdString();
    command.out = m_name->text().trimmed().toStdString();
    command.settings = m_form->settings();
    if (m_split)
        command.split = m_split->value().toStdString();
    if (m_rewardModel)
        command.rewardModel = m_rewardModel->value().toStdString();
    if (m_sftModel)
        command.sftModel = m_sftModel->value().toStdString();
    return command;
}

void TrainingPage::start()
{
    const TrainStage wanted = command();
    if (m_bridge.busy() || !m_form->isValid() || !missingIn(wanted).isEmpty())
        return;
    m_nameEdited = false;
    m_posted = true;
    m_startError.clear();
    m_bridge.post(wanted);
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
        const TrainStage old = commandOfRun(m_stage, row->config);
        fillFrom(old);
        m_form->setSettings(old.settings);
        Q_EMIT message(tr("The form now holds the settings of run %1.").arg(m_run));
    } catch (const Error& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

void TrainingPage::refresh()
{
    m_model->setItems(modelItems(project(), QStringLiteral("policy")));
    constexpr std::array all {DatasetKind::Pairs, DatasetKind::Completions, DatasetKind::Prompts};
    // Prompts are enough for PPO, responses for SFT; the others compare two.
    m_data->setItems(datasetItems(project(),
        m_stage == StageKind::Ppo ? std::span(all) : std::span(all).first(m_stage == StageKind::Sft ? 2 : 1)));
    if (m_split)
        m_split->setItems(splitItems(project(), m_data->value()));
    if (m_rewardModel)
        m_rewardModel->setItems(modelItems(project(), QStringLiteral("reward")));
    if (m_sftModel)
        m_sftModel->setItems(modelItems(project(), QStringLiteral("policy")));
    if (!m_filled)
        chooseDefaults();
    suggestName();
    loadRunList();
    if (m_run == 0 && m_runs->count() > 0)
        showRun(m_runs->itemData(0).toLongLong());
    updateRunLine();
    updateButtons();
}

void TrainingPage::fillFrom(const TrainStage& command)
{
    m_model->setValue(toQString(command.model));
    m_data->setValue(toQString(command.data));
    if (m_split)
        m_split->setValue(toQString(command.split));
    if (m_rewardModel)
        m_rewardModel->setValue(toQString(command.rewardModel));
    if (m_sftModel)
        m_sftModel->setValue(toQString(command.sftModel));
}

void TrainingPage::chooseDefaults()
{
    if (project().models().empty() || project().datasets().empty())
        return;
    m_filled = true;
    m_data->setValue(m_selection.dataset());
    // What was trained before this stage on the path: SFT before DPO and the reward model, DPO before PPO.
    const std::vector<RunRow> runs = project().runs();
    const auto newest = [&](std::string_view stage) {
        return std::find_if(runs.begin(), runs.end(), [&](const RunRow& row) {
            return row.stage == stage && row.state == RunState::Finished && project().model(row.name);
        });
    };
    auto made = m_stage == StageKind::Ppo ? newest("dpo") : m_stage == StageKind::Sft ? runs.end() : newest("sft");
    if (made == runs.end() && m_stage == StageKind::Ppo)
        made = newest("sft");
    const auto startedFrom = [](const RunRow& row) { return toQString(row.config.value("model", std::string())); };
    if (made != runs.end()) {
        m_model->setValue(toQString(made->name));
        if (m_sftModel && made->stage == "dpo")
            m_sftModel->setValue(startedFrom(*made));
    } else if (const auto other = newest(m_stage == StageKind::Dpo ? "reward" : "dpo"); other != runs.end()) {
        m_model->setValue(startedFrom(*other)); // a model from elsewhere, without SFT here
    }
    if (m_stage == StageKind::Ppo && made != runs.end())
        m_data->setValue(toQString(made->config.value("data", std::string())));
    if (m_split)
        if (const auto items = splitItems(project(), m_data->value()); !items.empty())
            m_split->setValue(items.front().value);
}

QPushButton* TrainingPage::addHeadButton(const QString& text)
{
    auto* button = new QPushButton(text, this);
    m_head->insertWidget(1, button);
    return button;
}

void TrainingPage::suggestName()
{
    if (m_nameEdited && !m_name->text().trimmed().isEmpty())
        return;
    m_name->setText(toQString(project().freeName(std::string(stageName(m_stage)))));
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

void TrainingPage::showRun(qint64 run)
{
    const std::optional<RunRow> row = project().run(run);
    if (!row)
        return;
    m_startError.clear();
    m_run = run;
    m_step = row->steps;
    m_totalSteps = std::max<qint64>(row->totalSteps, run == m_liveRun ? m_totalSteps : 0);
    std::vector<MetricSeries> series = project().metrics(run);
    m_health->setRun(series, project().alarms(run));
    m_charts->setRuns({{run, toQString(row->name), std::move(series)}});
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
        return {};
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
    m_runLine->setVisible(m_run != 0);
    QString failure = m_startError;
    if (failure.isEmpty() && m_run != 0 && m_run != m_liveRun)
        if (const auto row = project().run(m_run); row && row->state == RunState::Failed)
            failure = toQString(row->message);
    m_failure->setText(failure);
    m_failure->setVisible(!failure.isEmpty());
}

QString TrainingPage::noteOnName(const std::string& name) const
{
    for (const RunRow& row : project().runs())
        if (row.stage == stageName(m_stage) && row.name == name && row.state != RunState::Finished)
            return tr("Run %1 of this name has not finished: with its settings, Start goes on with it.").arg(row.id);
    return project().model(name) ? tr("%1 exists; other settings replace it.").arg(toQString(name)) : QString();
}

void TrainingPage::updateButtons()
{
    const bool busy = m_bridge.busy();
    const bool live = m_liveRun != 0;
    const TrainStage wanted = command();
    const QString missing = missingIn(wanted);
    const bool free = !busy && !m_bridge.readOnly();
    m_start->setEnabled(free && missing.isEmpty() && m_form->isValid());
    m_start->setToolTip(m_bridge.readOnly() ? tr("Another program writes to this project; it is only read here.")
            : busy                          ? tr("Something else is running; it can be stopped in the bar below.")
                                            : QString());
    m_missing->setText(!missing.isEmpty() ? missing
            : !m_form->isValid()          ? tr("Correct the marked fields first.")
            : busy                        ? QString()
                                          : noteOnName(wanted.out));
    m_missing->setVisible(!m_missing->text().isEmpty());
    if (!busy && missing.isEmpty() && m_form->isValid())
        m_memory->ask(wanted);
    else if (!busy)
        m_memory->clear();
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
    updateRunLine();
}

} // namespace mpo
