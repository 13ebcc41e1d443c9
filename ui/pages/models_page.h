// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

#include <filesystem>

class QPushButton;
class QSplitter;
class QTabWidget;
class QTableView;

namespace mpo {

class AnswerScorePanel;
class ChatPanel;
class EmptyState;
class HubPanel;
class ModelCard;
class ModelTableModel;
class Notice;
struct LineageNode;

/// The models of the project: what each is, where it came from and where it is used; talking with one or two of them,
/// and the reward of what is typed; and those in the Hugging Face cache.
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
    void openNode(const LineageNode& node);
    void tryCurrent(); ///< talks with it, or lets it score

    ModelTableModel* m_model = nullptr;
    QTabWidget* m_tabs = nullptr;
    HubPanel* m_hub = nullptr;
    QTableView* m_table = nullptr;
    QSplitter* m_body = nullptr;
    ModelCard* m_card = nullptr;
    ChatPanel* m_chat = nullptr;
    AnswerScorePanel* m_scores = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_import = nullptr;
    QPushButton* m_export = nullptr;
    QPushButton* m_open = nullptr;
    QPushButton* m_copy = nullptr;
    QPushButton* m_try = nullptr;
    Notice* m_notice = nullptr;
    bool m_own = false; ///< the running command was posted here
    QString m_done; ///< what is said when it has succeeded
};

} // namespace mpo
