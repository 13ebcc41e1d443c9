// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include <QTimer>

#include <filesystem>

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSplitter;
class QTableView;

namespace mpo {

class MetricGrid;
class RunTableModel;

/// Every run of the project. The chosen one shows its curves, configuration and lineage; several chosen ones share
/// their charts.
class RunsPage : public Page
{
    Q_OBJECT
public:
    RunsPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;

private:
    std::filesystem::path reportFile() const;
    void showChosen();
    std::vector<qint64> chosenRuns() const;

    RunTableModel* m_model = nullptr;
    QSplitter* m_body = nullptr;
    QLabel* m_empty = nullptr;
    QPushButton* m_report = nullptr;
    QTableView* m_table = nullptr;
    MetricGrid* m_charts = nullptr;
    QLabel* m_detailTitle = nullptr;
    QLabel* m_detailLine = nullptr;
    QPlainTextEdit* m_config = nullptr;
    std::vector<qint64> m_shown;
    MetricsLogged m_last; ///< what the running row will show
    QTimer m_progressTimer;
};

} // namespace mpo
