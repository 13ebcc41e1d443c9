// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"
#include "ui/charts/metric_chart.h"

#include <QJsonObject>
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
/// New metrics get a chart when they first arrive. A metric over parts of the examples (strata of reward gap) has a
/// chart of its own with a line for each part.
class MetricGrid : public QWidget
{
    Q_OBJECT
public:
    struct Run
    {
        qint64 id = 0;
        QString label;
        std::vector<MetricSeries> series;
        QString started = {}; ///< ISO 8601, UTC, for the time of day; empty: not known
    };

    explicit MetricGrid(QWidget* parent = nullptr);

    void setRuns(const std::vector<Run>& runs); ///< replaces all curves
    void append(const std::vector<MetricsLogged>& batch); ///< events of runs that are not shown are left out
    QLineEdit* filterField() const { return m_filter; }
    void setEmptyText(const QString& sentence);

    /// The boxes that the user has zoomed into, by metric; of charts that are there.
    QJsonObject zooms() const;
    void setZooms(const QJsonObject& zooms);

    /// Alarms of a run that is shown: the charts of their metrics are marked while they hold.
    void setAlarms(qint64 run, const std::vector<AlarmRow>& alarms);

    /// nullptr: no such metric yet. That of parts: metricOfPart(metric, "").
    MetricChart* chart(const std::string& metric) const;
    int chartCount() const { return int(m_charts.size()); }

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Group
    {
        int rank = 0;
        QWidget* widget = nullptr;
        QGridLayout* grid = nullptr;
        QLabel* legend = nullptr; ///< of parts; nullptr: the charts have none
        std::vector<std::pair<int, QWidget*>> cells; ///< rank of the metric, its card
    };

    MetricChart* ensureChart(const std::string& metric);
    void addPart(qint64 run, const std::string& part);
    CurveLook lookOf(qint64 run, const std::string& part) const;
    void updatePartLegend();
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
    std::map<qint64, double> m_began; ///< seconds since 1970
    std::map<qint64, std::vector<std::string>> m_parts; ///< of the examples of each run, by rising lower end
    int m_columns = 0;
};

} // namespace mpo
