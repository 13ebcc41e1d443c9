// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"
#include "ui/charts/metric_chart.h"

#include <QWidget>

#include <map>
#include <vector>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QScrollArea;
class QSlider;
class QVBoxLayout;

namespace mpo {

/// All metrics of one or several runs: a small chart each, grouped by the prefix of their names, with one crosshair.
/// New metrics get a chart when they first arrive.
class MetricGrid : public QWidget
{
    Q_OBJECT
public:
    struct Run
    {
        qint64 id = 0;
        QString label;
        std::vector<MetricSeries> series;
    };

    explicit MetricGrid(QWidget* parent = nullptr);

    void setRuns(const std::vector<Run>& runs); ///< replaces all curves
    void append(const std::vector<MetricsLogged>& batch); ///< events of runs that are not shown are left out
    void setEmptyText(const QString& sentence);

    MetricChart* chart(const std::string& metric) const; ///< nullptr: no such metric yet
    int chartCount() const { return int(m_charts.size()); }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Group
    {
        int rank = 0;
        QWidget* widget = nullptr;
        QGridLayout* grid = nullptr;
        std::vector<std::pair<int, QWidget*>> cells; ///< rank of the metric, its card
    };

    MetricChart* ensureChart(const std::string& metric);
    double smoothingFor(const std::string& metric) const;
    void arrange(Group& group) const;
    void arrangeAll();
    void applyFilter();
    void updateEmpty();
    void updateLegend(const std::vector<Run>& runs);

    QWidget* m_tools = nullptr;
    QScrollArea* m_scroll = nullptr;
    QVBoxLayout* m_groupsLayout = nullptr;
    QLabel* m_empty = nullptr;
    QLabel* m_legend = nullptr;
    QLabel* m_smoothingLabel = nullptr;
    QComboBox* m_xAxis = nullptr;
    QCheckBox* m_logY = nullptr;
    QSlider* m_smoothing = nullptr;
    QLineEdit* m_filter = nullptr;
    Crosshair* m_crosshair = nullptr;
    std::map<QString, Group> m_groups;
    std::map<std::string, MetricChart*> m_charts;
    std::map<qint64, int> m_colours; ///< colour of each run shown
    std::map<qint64, QString> m_labels;
    int m_columns = 0;
};

} // namespace mpo
