// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QTableView;
class QTabWidget;

namespace mpo {

class DataCheckPanel;
class DataImportPanel;
class DataInspector;
class EmptyState;
class ImportIssueModel;
class ItemPicker;
class Notice;
class PairTableModel;
class PairView;
struct ImportDataset;
struct ImportReport;

/// Import of data sets, what was left out and why, what stands out in them, and the pairs themselves, as text or as a
/// model gets them.
class DataPage : public Page
{
    Q_OBJECT
public:
    DataPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    void chooseFile();
    void importFile(const QString& file); ///< or a folder: shows how it would be read, then imports it when told to

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    QWidget* makePairs();
    QWidget* makeReport();
    QPushButton* makeExport();
    void showPanel(bool shown);
    void startImport(const ImportDataset& command);
    void exportAs(int choice);
    void showDataset(const QString& name);
    void showReport(const ImportReport& report);
    void showPair(int row);
    void showTokens(); ///< of the pair that is shown, where a model is chosen for it
    void goToRow(std::int64_t number); ///< of the data set, from 0

    QPushButton* m_import = nullptr;
    QPushButton* m_export = nullptr;
    DataImportPanel* m_panel = nullptr;
    Notice* m_notice = nullptr;
    QWidget* m_progressRow = nullptr;
    QLabel* m_progressText = nullptr;
    QProgressBar* m_progress = nullptr;
    QWidget* m_body = nullptr;
    EmptyState* m_empty = nullptr;
    QListWidget* m_list = nullptr;
    QTabWidget* m_tabs = nullptr;
    QLineEdit* m_search = nullptr;
    QLabel* m_searchState = nullptr;
    QTableView* m_table = nullptr;
    PairTableModel* m_pairs = nullptr;
    PairView* m_view = nullptr;
    ItemPicker* m_showAs = nullptr;
    QLabel* m_tokenProblem = nullptr;
    DataInspector* m_inspector = nullptr;
    DataCheckPanel* m_check = nullptr;
    QWidget* m_report = nullptr;
    static constexpr int kCountCards = 8;
    QWidget* m_cards[kCountCards] {};
    QLabel* m_counts[kCountCards] {};
    QLabel* m_mapping = nullptr;
    QLabel* m_reportLine = nullptr;
    QTableView* m_issueTable = nullptr;
    ImportIssueModel* m_issues = nullptr;
    bool m_importing = false; ///< or exporting: what fails is said here
};

} // namespace mpo
