// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models_page.h"

#include "core/runs/lineage.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/model_table_model.h"
#include "ui/notice.h"
#include "ui/pages/answer_score_panel.h"
#include "ui/pages/chat_panel.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/hub_panel.h"
#include "ui/pages/model_card.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <array>

namespace mpo {

ModelsPage::ModelsPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
{
    m_import = new QPushButton(tr("Import ▾"));
    m_import->setToolTip(tr("Copy a model into the project; you can also drop it here"));
    auto* kinds = new QMenu(m_import);
    connect(kinds->addAction(tr("Hugging Face folder…")), &QAction::triggered, this,
        [this] { importModel(QFileDialog::getExistingDirectory(this, tr("Import a Hugging Face model folder"))); });
    connect(kinds->addAction(tr("GGUF file…")), &QAction::triggered, this, [this] {
        importModel(
            QFileDialog::getOpenFileName(this, tr("Import a GGUF file"), {}, tr("GGUF files (*.gguf);;All files (*)")));
    });
    m_import->setMenu(kinds);
    setRole(m_import, "primary");
    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(tr("Models")));
    titles->addWidget(makeHint(tr("Hugging Face folders: other tools can read them as they are.")));
    auto* head = new QHBoxLayout;
    head->addLayout(titles, 1);
    head->addWidget(m_import);

    m_notice = new Notice;

    m_hub = new HubPanel(m_bridge);
    m_tabs = new QTabWidget;
    keepState(m_tabs, "tabs");
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->addTab(makeList(), tr("In the project"));
    m_chat = new ChatPanel(m_bridge, project());
    m_scores = new AnswerScorePanel(m_bridge, project());
    m_tabs->addTab(m_chat, tr("Chat"));
    m_tabs->addTab(m_scores, tr("Score answers"));
    m_tabs->addTab(m_hub, tr("From the Hugging Face cache"));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addWidget(m_notice);
    layout->addWidget(m_tabs, 1);

    connect(m_tabs, &QTabWidget::currentChanged, this, &ModelsPage::refresh);
    connect(m_hub, &HubPanel::message, this, &ModelsPage::message);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ModelsPage::showCurrent);
    connect(m_export, &QPushButton::clicked, this, &ModelsPage::exportCurrent);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(QString::fromStdString(folderOf(currentRow()).string()));
        Q_EMIT message(tr("Copied the path of the model."));
    });
    connect(m_open, &QPushButton::clicked, this, [this] {
        QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(folderOf(currentRow()).string())));
    });
    connect(&m_bridge, &EngineBridge::busyChanged, this, &ModelsPage::showCurrent);
    connect(&m_bridge, &EngineBridge::modelSaved, this, [this] {
        if (isVisible())
            refresh();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!std::exchange(m_own, false))
            return;
        if (event.outcome == CommandFinished::Outcome::Failed)
            m_notice->say(toQString(event.message), true);
        if (event.outcome == CommandFinished::Outcome::Succeeded)
            m_notice->say(event.message.empty() ? m_done : toQString(event.message));
    });
    setAcceptDrops(true);
    showCurrent();
}

QWidget* ModelsPage::makeList()
{
    m_model = new ModelTableModel(this);
    m_table = new QTableView;
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Models"));
    setTableLook(m_table);
    constexpr std::array widths {200, 156, 96, 104, 96, 180};
    for (int column = 0; column < int(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[std::size_t(column)]);

    m_card = new ModelCard(project());
    m_copy = new QPushButton(tr("Copy path"));
    m_open = new QPushButton(tr("Open folder"));
    m_export = new QPushButton(tr("Export…"));
    m_export->setToolTip(tr("Write a copy to a folder of your choice"));
    m_try = new QPushButton;
    m_try->setObjectName(QStringLiteral("try"));
    for (QPushButton* button : {m_try, m_copy, m_open, m_export})
        m_card->addButton(button);
    connect(m_card, &ModelCard::chosen, this, &ModelsPage::openNode);
    connect(m_try, &QPushButton::clicked, this, &ModelsPage::tryCurrent);
    m_body = new QSplitter(Qt::Vertical);
    m_body->setObjectName(QStringLiteral("models"));
    m_body->setHandleWidth(2 * kSpace);
    m_body->addWidget(m_table);
    m_body->addWidget(m_card);
    m_body->setStretchFactor(0, 2);
    m_body->setStretchFactor(1, 3);
    m_body->setChildrenCollapsible(false);
    keepState(m_body, "models");

    m_empty = new EmptyState;
    m_empty->setTexts(tr("No model yet"),
        tr("Import a Hugging Face folder or a GGUF file, take one from the Hugging Face cache, or run the demo, which "
           "makes its own."));
    connect(m_empty->addButton(tr("Look into the cache")), &QPushButton::clicked, this,
        [this] { m_tabs->setCurrentWidget(m_hub); });

    auto* list = new QWidget;
    auto* layout = new QVBoxLayout(list);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_body, 1);
    layout->addWidget(m_empty, 1);
    return list;
}

int ModelsPage::currentRow() const { return m_table->currentIndex().row(); }

std::filesystem::path ModelsPage::folderOf(int row) const
{
    // An absolute folder replaces the project's.
    return row < 0 ? std::filesystem::path() : project().folder() / m_model->model(row).folder;
}

void ModelsPage::refresh()
{
    if (m_tabs->currentWidget() == m_hub)
        m_hub->refresh();
    const std::string before = currentRow() >= 0 ? m_model->model(currentRow()).name : std::string();
    m_model->setModels(project().models(), project().folder());
    m_chat->refresh();
    m_scores->refresh();
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (m_model->model(row).name == before || (before.empty() && row == 0))
            m_table->selectRow(row);
    showCurrent();
}

void ModelsPage::showCurrent()
{
    const int row = currentRow();
    for (QPushButton* button : {m_copy, m_open})
        button->setEnabled(row >= 0);
    if (m_bridge.busy() && (m_export->hasFocus() || m_import->hasFocus()))
        m_table->setFocus(); // the button that had it is being disabled
    m_export->setEnabled(row >= 0 && !m_bridge.busy());
    m_import->setEnabled(!m_bridge.busy());
    m_try->setEnabled(row >= 0);
    m_body->setVisible(row >= 0);
    m_empty->setVisible(row < 0);
    if (row < 0)
        return;
    const ModelRow& model = m_model->model(row);
    const bool reward = model.kind == "reward";
    m_try->setText(reward ? tr("Score answers") : tr("Chat"));
    m_try->setToolTip(reward ? tr("Type answers and see their reward") : tr("Talk with this model"));
    m_card->showModel(model, folderOf(row));
}

void ModelsPage::tryCurrent()
{
    const ModelRow& model = m_model->model(currentRow());
    const QString name = toQString(model.name);
    if (model.kind == "reward") {
        m_scores->setModel(name);
        m_tabs->setCurrentWidget(m_scores);
    } else {
        m_chat->setModel(name);
        m_tabs->setCurrentWidget(m_chat);
    }
}

void ModelsPage::openNode(const LineageNode& node)
{
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (node.present && (node.kind == LineageKind::Model || node.kind == LineageKind::RewardModel)
            && m_model->model(row).name == node.name) {
            m_table->selectRow(row);
            return;
        }
    if (node.run != 0) {
        m_selection.setRun(node.run);
        Q_EMIT openPage(PageId::Runs);
    } else if (node.kind == LineageKind::Data && node.present) {
        m_selection.setDataset(toQString(node.name));
        Q_EMIT openPage(PageId::Data);
    } else if (node.kind == LineageKind::Scores || node.kind == LineageKind::Split) {
        Q_EMIT openPage(PageId::Split);
    } else if (node.kind == LineageKind::Evaluation) {
        Q_EMIT openPage(PageId::Evaluate);
    }
}

void ModelsPage::importModel(const QString& path)
{
    if (path.isEmpty() || m_bridge.busy())
        return;
    m_own = true;
    m_notice->clear();
    m_done = tr("%1 is in the project now.").arg(QFileInfo(path).fileName());
    m_bridge.post(ImportModel {path.toStdString(), {}});
}

void ModelsPage::dragEnterEvent(QDragEnterEvent* event)
{
    if (!m_bridge.busy() && event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void ModelsPage::dropEvent(QDropEvent* event) { importModel(event->mimeData()->urls().first().toLocalFile()); }

void ModelsPage::exportCurrent()
{
    const int row = currentRow();
    if (row < 0 || m_bridge.busy())
        return;
    const std::string name = m_model->model(row).name;
    const QString parent
        = QFileDialog::getExistingDirectory(this, tr("Export %1 into a new folder here").arg(toQString(name)));
    if (parent.isEmpty())
        return;
    m_own = true;
    m_notice->clear();
    ExportModel command;
    command.model = name;
    command.folder = std::filesystem::path(parent.toStdString()) / name;
    m_done = tr("%1 is written to %2.").arg(toQString(name), formatFolder(toQString(command.folder.string())));
    m_bridge.post(command);
}

} // namespace mpo
