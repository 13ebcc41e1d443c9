// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QFrame>

class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;

namespace mpo {

class ItemPicker;
class MemoryPanel;
class PresetPicker;
class Project;
class Selection;
class SettingsForm;

/// What to train: model, data, name and settings of one stage, with presets, files of settings, undo, and how much
/// memory it will need.
class TrainingForm : public QFrame
{
    Q_OBJECT
public:
    TrainingForm(StageKind stage, Project& project, Selection& selection, QWidget* parent = nullptr);

    void refresh(); ///< reads from the store what there is to choose from
    void showState(bool busy); ///< what is missing, or what a start would do to what is there; memory
    bool isReady() const; ///< nothing is missing or wrong
    TrainStage command() const; ///< what Start would post
    void fillFrom(const TrainStage& command); ///< all but the name
    QJsonObject choices() const; ///< what the user changed; empty: nothing
    void restoreChoices(const QJsonObject& choices);
    void started(); ///< the name is taken now; another will be proposed
    SettingsForm* settings() const { return m_form; }

    bool saveSettings(const QString& file); ///< as YAML; says in a message what went wrong
    bool loadSettings(const QString& file); ///< the section of this stage in YAML; can be undone

Q_SIGNALS:
    void changed();
    void message(const QString& sentence);

private:
    QWidget* makeFields();
    QWidget* makeFoot();
    QMenu* makeSettingsMenu();
    void modelChanged();
    void chooseDefaults();
    void suggestName();
    void choose(const TrainStage& command); ///< in the menus
    QString noteOnName(const std::string& name) const;

    StageKind m_stage;
    Project& m_project;
    Selection& m_selection;
    bool m_nameEdited = false, m_filled = false;
    TrainStage m_proposed; ///< what the form held before the user changed it
    std::optional<TrainStage> m_restored; ///< from the last time, until there is something to choose from
    QString m_modelKnown; ///< whose size the presets were told

    ItemPicker* m_model = nullptr;
    ItemPicker* m_data = nullptr;
    ItemPicker* m_split = nullptr; ///< null where the stage has none, as those below
    ItemPicker* m_rewardModel = nullptr;
    ItemPicker* m_sftModel = nullptr;
    QLineEdit* m_name = nullptr;
    PresetPicker* m_preset = nullptr;
    SettingsForm* m_form = nullptr;
    QLabel* m_missing = nullptr;
    MemoryPanel* m_memory = nullptr;
};

} // namespace mpo
