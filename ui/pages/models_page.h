// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include <filesystem>

class QFrame;
class QLabel;
class QPushButton;
class QTabWidget;
class QTableView;

namespace mpo {

class EmptyState;
class HubPanel;
class ModelTableModel;

/// The models of the project: where each came from, its folder, import and export; and those in the Hugging Face cache.
class ModelsPage : public Page
{
    Q_OBJECT
public:
    ModelsPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    void importModel(const QString& path); ///< a folder or a GGUF file; empty: nothing

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    int currentRow() const;
    std::filesystem::path folderOf(int row) const;
    QWidget* makeList();
    void showCurrent();
    void exportCurrent();

    ModelTableModel* m_model = nullptr;
    QTabWidget* m_tabs = nullptr;
    HubPanel* m_hub = nullptr;
    QTableView* m_table = nullptr;
    QFrame* m_card = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_import = nullptr;
    QPushButton* m_export = nullptr;
    QPushButton* m_open = nullptr;
    QPushButton* m_copy = nullptr;
    QLabel* m_name = nullptr;
    QLabel* m_folder = nullptr;
    QLabel* m_lineage = nullptr;
    QLabel* m_error = nullptr;
    bool m_own = false; ///< the running command was posted here
};

} // namespace mpo
