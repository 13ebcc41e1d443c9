// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include <QTimer>

#include <vector>

class QLabel;
class QProgressBar;
class QPushButton;

namespace mpo {

/// The bar at the foot of the window: what runs, step of total, time left, tokens a second, processors, memory, Pause
/// and Stop.
class RunBar : public QWidget
{
    Q_OBJECT
public:
    explicit RunBar(EngineBridge& bridge, QWidget* parent = nullptr);

    void say(const QString& sentence); ///< for some seconds, in place of what is running
    QString text() const;
    QString state() const; ///< what runs and how far it is, in one line

private:
    void showMetrics(const std::vector<MetricsLogged>& batch);
    void updateState();
    void showWhat();
    void updateMemory();
    void showUse(const MachineUsed& event);

    EngineBridge& m_bridge;
    QLabel* m_what = nullptr;
    QProgressBar* m_progress = nullptr;
    QLabel* m_step = nullptr;
    QLabel* m_left = nullptr;
    QLabel* m_pace = nullptr;
    QLabel* m_processors = nullptr;
    QLabel* m_memory = nullptr;
    QPushButton* m_pause = nullptr;
    QPushButton* m_stop = nullptr;
    QPushButton* m_more = nullptr;
    QTimer m_messageTimer, m_memoryTimer;
    QString m_stage, m_work; ///< the run, and the part of it that is running
    qint64 m_run = 0, m_firstStep = 0;
};

/// Memory of this process in bytes; 0 where the system does not tell.
qint64 residentBytes();

} // namespace mpo
