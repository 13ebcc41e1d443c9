// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"

#include <QFrame>

#include <array>

class QLabel;

namespace mpo {

class ElidedLabel;

/// Whether a run goes well, at one glance: the newest values of what decides that in PPO, each in the colour of alarm
/// while an alarm on it holds, and below, in any stage, the newest alarm in words. Hidden while it has nothing to say.
class HealthStrip : public QFrame
{
    Q_OBJECT
public:
    static constexpr int kCells = 8;

    explicit HealthStrip(QWidget* parent = nullptr);

    void setRun(const std::vector<MetricSeries>& series, const std::vector<AlarmRow>& alarms);
    void append(const Metrics& metrics); ///< of the next step
    void setAlarms(const std::vector<AlarmRow>& alarms); ///< in order of their steps

private:
    struct Cell
    {
        QWidget* widget = nullptr;
        QLabel* value = nullptr;
        bool known = false;
    };

    void show(std::size_t cell, double value);
    void updateVisible();

    std::array<Cell, kCells> m_cells;
    QWidget* m_row = nullptr;
    ElidedLabel* m_alarm = nullptr;
};

} // namespace mpo
