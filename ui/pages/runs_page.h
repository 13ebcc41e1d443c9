// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/run_import.h"
#include "ui/page.h"

#include <QTimer>

#include <filesystem>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSplitter;
class QTableView;
class QTabWidget;

namespace mpo {

class EmptyState;
class LineageView;
class MetricGrid;
class Notice;
class RunDetails;
class RunFiles;
class RunFilterModel;
class RunTableModel;
class SettingsTableModel;
struct LineageNode;

/// Every run of the project, with search, tags and notes. The chosen one shows its curves, settings and lineage;
/// several chosen ones share their charts, and their settings stand side by side. Runs of other programs can be brought
/// in to compare, and ours written for TensorBoard.
class RunsPage : public Page
{
    Q_OBJECT
public:
    RunsPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);
    ~RunsPage() override;

    void refresh() override;
    QJsonObject choices() const override;
    void restoreChoices(const QJsonObject& choices) override;
    void importFrom(const QString& path); ///< a file or a folder; empty: nothing
    void exportTo(const QString& folder, RunFormat format); ///< the chosen runs
    /// What led to the chosen run, to the newest training where none is chosen; .html or .pdf.
    void writeReport(const QString& file);
    void deleteChosen();
    void undoDelete();

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeTable();
    QWidget* makeTabs();
    QWidget* makeUndoBar();
    std::filesystem::path reportFile() const;
    void updateSearch();
    void updateButtons();
    void showUndo();
    void showChosen();
    void select(const std::vector<qint64>& runs);
    std::vector<qint64> chosenRuns() const; ///< rising
    void openNode(const LineageNode& node);

    RunTableModel* m_model = nullptr;
    RunFilterModel* m_filter = nullptr;
    SettingsTableModel* m_settings = nullptr;
    RunFiles* m_files = nullptr;
    QSplitter* m_body = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_import = nullptr;
    QPushButton* m_export = nullptr;
    QPushButton* m_report = nullptr;
    QPushButton* m_write = nullptr;
    Notice* m_notice = nullptr; ///< what an import or an export came to
    QWidget* m_undoBar = nullptr;
    QLabel* m_undoText = nullptr;
    QLineEdit* m_search = nullptr;
    QLabel* m_found = nullptr;
    QTableView* m_table = nullptr;
    QTabWidget* m_tabs = nullptr;
    MetricGrid* m_charts = nullptr;
    QTableView* m_settingsTable = nullptr;
    QCheckBox* m_onlyDifferences = nullptr;
    QLabel* m_differences = nullptr;
    LineageView* m_lineage = nullptr;
    RunDetails* m_details = nullptr;
    std::vector<qint64> m_shown;
    std::vector<qint64> m_restored; ///< chosen the last time, until the page is opened
    QJsonObject m_zooms; ///< of their charts
    std::vector<std::vector<qint64>> m_deleted; ///< by this window, latest last: what Undo brings back
    MetricsLogged m_last; ///< what the running row will show
    QTimer m_progressTimer;
};

} // namespace mpo
