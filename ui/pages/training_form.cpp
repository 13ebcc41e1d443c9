// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/training_form.h"

#include "core/config/settings_file.h"
#include "core/engine/memory_preflight.h"
#include "core/engine/train_config.h"
#include "core/store/project.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/forms/memory_panel.h"
#include "ui/forms/preset_picker.h"
#include "ui/forms/settings_form.h"
#include "ui/forms/train_command.h"
#include "ui/selection.h"
#include "ui/style.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QUndoStack>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <utility>

namespace mpo {

namespace {

constexpr int kFormWidth = 320;

} // namespace

TrainingForm::TrainingForm(StageKind stage, Project& project, Selection& selection, QWidget* parent)
    : QFrame(parent)
    , m_stage(stage)
    , m_project(project)
    , m_selection(selection)
{
    setRole(this, "card");
    setFixedWidth(kFormWidth);
    QWidget* content = makeFields();
    auto* scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    auto* line = new QFrame;
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 1, 1, kSpace);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(scroll, 1);
    layout->addWidget(line);
    layout->addWidget(makeFoot());

    for (ItemPicker* picker : {m_model, m_data, m_split, m_rewardModel, m_sftModel})
        if (picker)
            connect(picker, &ItemPicker::changed, this, &TrainingForm::changed);
    connect(m_model, &ItemPicker::changed, this, &TrainingForm::modelChanged);
    // Splits belong to a data set.
    if (m_split)
        connect(m_data, &ItemPicker::changed, this,
            [this](const QString& data) { m_split->setItems(splitItems(m_project, data)); });
    connect(m_name, &QLineEdit::textEdited, this, [this] { m_nameEdited = true; });
    connect(m_name, &QLineEdit::textChanged, this, &TrainingForm::changed);
    connect(m_form, &SettingsForm::changed, this, [this] {
        m_preset->showSettings(m_form->settings());
        Q_EMIT changed();
    });
    connect(m_preset, &PresetPicker::chosen, m_form, &SettingsForm::change);
    m_preset->showSettings(m_form->settings());
}

QWidget* TrainingForm::makeFields()
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
    m_preset = new PresetPicker(m_stage);
    pickers->addRow(tr("Preset"), m_preset);
    layout->addLayout(pickers);

    m_form = new SettingsForm(m_stage);
    layout->addWidget(m_form, 1);
    return content;
}

QWidget* TrainingForm::makeFoot()
{
    m_missing = new QLabel;
    m_missing->setWordWrap(true);
    setRole(m_missing, "hint");
    m_missing->setContentsMargins(kSpace, 0, kSpace, 0);
    m_memory = new MemoryPanel(m_project);
    m_memory->setContentsMargins(kSpace, 0, kSpace, 0);
    connect(m_memory, &MemoryPanel::proposalChosen, this,
        [this](const std::vector<std::pair<std::string, std::string>>& changes) {
            Settings settings = m_form->settings();
            for (const auto& [name, value] : changes)
                settings.setFromText(name, value);
            m_form->change(settings, tr("less memory"));
        });
    auto* copy = new QPushButton(tr("Copy as command"));
    setRole(copy, "quiet");
    copy->setToolTip(tr("Copy the same training as a line for the terminal"));
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(commandLineOf(command(), m_project.folder()));
        Q_EMIT message(tr("Copied: the same training as a command for the terminal."));
    });
    auto* more = new QPushButton(tr("Settings ▾"));
    more->setObjectName(QStringLiteral("settingsMenu"));
    setRole(more, "quiet");
    more->setToolTip(tr("Load and save settings, undo, defaults"));
    more->setMenu(makeSettingsMenu());
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(copy);
    buttons->addStretch(1);
    buttons->addWidget(more);

    auto* foot = new QWidget;
    auto* layout = new QVBoxLayout(foot);
    layout->setContentsMargins(kSpace, kSpace / 2, kSpace, 0);
    layout->addWidget(m_missing);
    layout->addWidget(m_memory);
    layout->addLayout(buttons);
    return foot;
}

QMenu* TrainingForm::makeSettingsMenu()
{
    auto* menu = new QMenu(this);
    menu->addAction(tr("&Load from a file…"), this, [this] {
        const QString file
            = QFileDialog::getOpenFileName(this, tr("Load settings"), {}, tr("YAML (*.yaml *.yml);;All files (*)"));
        if (!file.isEmpty())
            loadSettings(file);
    });
    menu->addAction(tr("&Save as YAML…"), this, [this] {
        QString file = QFileDialog::getSaveFileName(
            this, tr("Save settings"), toQString(stageName(m_stage)) + QStringLiteral(".yaml"), tr("YAML (*.yaml)"));
        if (!file.isEmpty())
            saveSettings(file);
    });
    menu->addSeparator();
    QUndoStack* history = m_form->history();
    QAction* undo = history->createUndoAction(this, tr("&Undo"));
    undo->setShortcut(QKeySequence::Undo);
    QAction* redo = history->createRedoAction(this, tr("&Redo"));
    redo->setShortcut(QKeySequence::Redo);
    for (QAction* action : {undo, redo}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action); // for the shortcut
        menu->addAction(action);
    }
    menu->addSeparator();
    menu->addAction(tr("Set all to &defaults"), m_form, &SettingsForm::reset);
    return menu;
}

bool TrainingForm::saveSettings(const QString& file)
{
    try {
        writeFileAtomically(file.toStdString(), settingsYaml(m_form->settings()));
    } catch (const Error& error) {
        Q_EMIT message(toQString(error.what()));
        return false;
    }
    Q_EMIT message(tr("Saved to %1. mpo train %2 --settings reads it, and it can stand in a recipe.")
                       .arg(file, toQString(stageName(m_stage))));
    return true;
}

bool TrainingForm::loadSettings(const QString& file)
{
    try {
        m_form->change(readSettingsFile(Settings(m_stage), file.toStdString()), tr("loading"));
    } catch (const Error& error) {
        Q_EMIT message(toQString(error.what()));
        return false;
    }
    Q_EMIT message(tr("The form now holds the settings of %1.").arg(file));
    return true;
}

TrainStage TrainingForm::command() const
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

void TrainingForm::refresh()
{
    m_model->setItems(modelItems(m_project, QStringLiteral("policy")));
    constexpr std::array all {DatasetKind::Pairs, DatasetKind::Completions, DatasetKind::Prompts};
    // Prompts are enough for PPO, responses for SFT; the others compare two.
    m_data->setItems(datasetItems(m_project,
        m_stage == StageKind::Ppo ? std::span(all) : std::span(all).first(m_stage == StageKind::Sft ? 2 : 1)));
    if (m_split)
        m_split->setItems(splitItems(m_project, m_data->value()));
    if (m_rewardModel)
        m_rewardModel->setItems(modelItems(m_project, QStringLiteral("reward")));
    if (m_sftModel)
        m_sftModel->setItems(modelItems(m_project, QStringLiteral("policy")));
    if (!m_filled)
        chooseDefaults();
    if (m_filled && m_restored) {
        choose(*m_restored);
        m_form->setSettings(std::exchange(m_restored, std::nullopt)->settings);
    }
    suggestName();
    modelChanged();
}

QJsonObject TrainingForm::choices() const
{
    const auto text = [](TrainStage command) {
        command.out.clear();
        return toQString(configOf(command).dump());
    };
    if (m_restored) // never opened: as it was
        return {{QStringLiteral("command"), text(*m_restored)}};
    const QString now = text(command());
    return m_filled && now != text(m_proposed) ? QJsonObject {{QStringLiteral("command"), now}} : QJsonObject {};
}

void TrainingForm::restoreChoices(const QJsonObject& choices)
{
    try {
        const std::string text = choices[QStringLiteral("command")].toString().toStdString();
        if (!text.empty())
            m_restored = commandOfRun(m_stage, parseJson(text, "the form"));
    } catch (const Error&) { // of another version: the form begins anew
    }
}

void TrainingForm::fillFrom(const TrainStage& command)
{
    choose(command);
    m_form->change(command.settings, tr("reuse"));
}

/// Presets go by the size of the model.
void TrainingForm::modelChanged()
{
    const QString model = m_model->value();
    if (model == m_modelKnown)
        return;
    m_modelKnown = model;
    std::optional<std::int64_t> parameters;
    if (const auto row = m_project.model(model.toStdString()))
        parameters = row->parameters;
    else if (!model.isEmpty())
        try {
            parameters = parametersOf(m_project, model.toStdString());
        } catch (const std::exception&) { // a start will say what is wrong with it
        }
    m_preset->setParameters(parameters > 0 ? parameters : std::nullopt);
}

void TrainingForm::started() { m_nameEdited = false; }

bool TrainingForm::isReady() const { return missingIn(command()).isEmpty() && m_form->isValid(); }

void TrainingForm::showState(bool busy)
{
    const TrainStage wanted = command();
    const QString missing = missingIn(wanted);
    m_missing->setText(!missing.isEmpty() ? missing
            : !m_form->isValid()          ? tr("Correct the marked fields first.")
            : busy                        ? QString()
                                          : noteOnName(wanted.out));
    m_missing->setVisible(!m_missing->text().isEmpty());
    if (!busy && missing.isEmpty() && m_form->isValid())
        m_memory->ask(wanted);
    else if (!busy)
        m_memory->clear();
}

void TrainingForm::choose(const TrainStage& command)
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

void TrainingForm::chooseDefaults()
{
    if (m_project.models().empty() || m_project.datasets().empty())
        return;
    m_filled = true;
    m_data->setValue(m_selection.dataset());
    // What was trained before this stage on the path: SFT before DPO and the reward model, DPO before PPO.
    const std::vector<RunRow> runs = m_project.runs();
    const auto newest = [&](std::string_view stage) {
        return std::find_if(runs.begin(), runs.end(), [&](const RunRow& row) {
            return row.stage == stage && row.state == RunState::Finished && m_project.model(row.name);
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
        if (const auto items = splitItems(m_project, m_data->value()); !items.empty())
            m_split->setValue(items.front().value);
    m_proposed = command();
}

void TrainingForm::suggestName()
{
    if (m_nameEdited && !m_name->text().trimmed().isEmpty())
        return;
    m_name->setText(toQString(m_project.freeName(std::string(stageName(m_stage)))));
}

/// What Start will do to what is there already.
QString TrainingForm::noteOnName(const std::string& name) const
{
    for (const RunRow& row : m_project.runs())
        if (row.stage == stageName(m_stage) && row.name == name && row.state != RunState::Finished)
            return tr("Run %1 of this name has not finished: with its settings, Start goes on with it.").arg(row.id);
    return m_project.model(name) ? tr("%1 exists; other settings replace it.").arg(toQString(name)) : QString();
}

} // namespace mpo
