// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include "core/engine/command.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QTabWidget;

namespace mpo {

class HealthStrip;
class MetricGrid;
class SampleView;
class SettingsForm;
class TrainingForm;
class WorkProgress;

/// One stage of training: what to train on what, its settings, and the curves, samples and log of a run. Opens with the
/// newest run of its stage, so that closing the window loses no curve.
class TrainingPage : public Page
{
    Q_OBJECT
public:
    TrainingPage(StageKind stage, EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    QJsonObject choices() const override;
    void restoreChoices(const QJsonObject& choices) override;

    StageKind stage() const { return m_stage; }
    qint64 shownRun() const { return m_run; }
    void showRun(qint64 run);
    TrainStage command() const; ///< what Start would post
    SettingsForm* form() const;
    MetricGrid* charts() const { return m_charts; }
    QPushButton* addHeadButton(const QString& text); ///< beside the title, for whoever puts the page together

protected:
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* makeRunView();
    void connectBridge();
    void start();
    void resumeRun();
    void reuseSettings();
    void updateButtons();
    void updateRunLine();
    void loadRunList();
    void showAlarms();
    void addLogLine(const std::string& level, const QString& text);
    QString runText() const;
    bool isStarting() const; ///< a run of this stage has been asked for, or begun, and has no step yet
    void showNothing(); ///< no run
    void showStarting(); ///< what goes on before the first step, while isStarting()

    StageKind m_stage;
    TrainingForm* m_form = nullptr;
    qint64 m_run = 0; ///< shown
    qint64 m_liveRun = 0; ///< running now, of this stage
    qint64 m_step = 0, m_totalSteps = 0;
    QString m_startError; ///< of the last Start, when no run came of it
    QJsonObject m_restored; ///< from the last time, until a run is shown
    bool m_posted = false; ///< Start was pressed and its run has no step yet
    qint64 m_before = 0; ///< run that was shown when Start was pressed

    QHBoxLayout* m_head = nullptr;
    QPushButton* m_start = nullptr;
    QPushButton* m_pause = nullptr;
    QPushButton* m_stop = nullptr;
    QPushButton* m_resume = nullptr;
    QPushButton* m_reuse = nullptr;
    QComboBox* m_runs = nullptr;
    QLabel* m_runLine = nullptr;
    QLabel* m_failure = nullptr;
    WorkProgress* m_starting = nullptr;
    QTabWidget* m_tabs = nullptr;
    HealthStrip* m_health = nullptr;
    MetricGrid* m_charts = nullptr;
    SampleView* m_samples = nullptr;
    QPlainTextEdit* m_log = nullptr;
};

} // namespace mpo
