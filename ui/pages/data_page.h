// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QTableView;
class QTabWidget;

namespace mpo {

class ImportIssueModel;
class PairTableModel;
class PairView;
struct ImportReport;

/// Import of data sets, what was left out and why, and the pairs themselves.
class DataPage : public Page
{
    Q_OBJECT
public:
    DataPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    void chooseFile();
    void importFile(const QString& file);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    QWidget* makePairs();
    QWidget* makeReport();
    void showDataset(const QString& name);
    void showReport(const ImportReport& report);
    void showPair(int row);

    QComboBox* m_format = nullptr;
    QPushButton* m_import = nullptr;
    QLabel* m_error = nullptr;
    QWidget* m_progressRow = nullptr;
    QLabel* m_progressText = nullptr;
    QProgressBar* m_progress = nullptr;
    QWidget* m_body = nullptr;
    QLabel* m_empty = nullptr;
    QListWidget* m_list = nullptr;
    QTabWidget* m_tabs = nullptr;
    QLineEdit* m_search = nullptr;
    QLabel* m_searchState = nullptr;
    QTableView* m_table = nullptr;
    PairTableModel* m_pairs = nullptr;
    PairView* m_view = nullptr;
    QLabel* m_counts[6] {};
    QLabel* m_reportLine = nullptr;
    QTableView* m_issueTable = nullptr;
    ImportIssueModel* m_issues = nullptr;
    bool m_importing = false;
};

} // namespace mpo
