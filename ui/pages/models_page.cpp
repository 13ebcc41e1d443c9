// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models_page.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/model_table_model.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/hub_panel.h"
#include "ui/style.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QDropEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <array>
#include <set>

namespace mpo {

ModelsPage::ModelsPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
{
    m_import = new QPushButton(tr("Import…"));
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

    m_error = new QLabel;
    m_error->setWordWrap(true);
    setRole(m_error, "error");
    m_error->hide();

    m_hub = new HubPanel(m_bridge);
    m_tabs = new QTabWidget;
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->addTab(makeList(), tr("In the project"));
    m_tabs->addTab(m_hub, tr("From the Hugging Face cache"));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addWidget(m_error);
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
        m_error->setText(toQString(event.message));
        m_error->setVisible(event.outcome == CommandFinished::Outcome::Failed);
        if (event.outcome == CommandFinished::Outcome::Succeeded)
            Q_EMIT message(event.message.empty() ? tr("Done.") : toQString(event.message));
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
    constexpr std::array widths {200, 130, 96, 104, 96, 180};
    for (int column = 0; column < int(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[std::size_t(column)]);

    m_card = makeCard();
    m_name = makeHeading({});
    m_folder = makeHint({});
    m_folder->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_lineage = makeHint({});
    m_copy = new QPushButton(tr("Copy path"));
    m_open = new QPushButton(tr("Open folder"));
    m_export = new QPushButton(tr("Export…"));
    m_export->setToolTip(tr("Write a copy to a folder of your choice"));
    auto* texts = new QVBoxLayout;
    texts->setSpacing(kSpace / 2);
    texts->addWidget(m_name);
    texts->addWidget(m_lineage);
    texts->addWidget(m_folder);
    auto* cardLayout = new QHBoxLayout(m_card);
    cardLayout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    cardLayout->setSpacing(kSpace);
    cardLayout->addLayout(texts, 1);
    for (QPushButton* button : {m_copy, m_open, m_export})
        cardLayout->addWidget(button, 0, Qt::AlignTop);

    m_empty = new EmptyState;
    m_empty->setTexts(tr("No model yet"),
        tr("Import a Hugging Face folder or a GGUF file, take one from the Hugging Face cache, or run the demo, which "
           "makes its "
           "own."));
    connect(m_empty->addButton(tr("Look into the cache")), &QPushButton::clicked, this,
        [this] { m_tabs->setCurrentWidget(m_hub); });

    auto* list = new QWidget;
    auto* layout = new QVBoxLayout(list);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_card);
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
    m_model->setModels(project().models());
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
    m_export->setEnabled(row >= 0 && !m_bridge.busy());
    m_import->setEnabled(!m_bridge.busy());
    m_table->setVisible(row >= 0);
    m_card->setVisible(row >= 0);
    m_empty->setVisible(row < 0);
    if (row < 0)
        return;
    const ModelRow& model = m_model->model(row);
    m_name->setText(toQString(model.name));
    m_folder->setText(formatFolder(QString::fromStdString(folderOf(row).string())));
    // The chain of parents, as far as they are in the project.
    QString chain = toQString(model.name);
    std::optional<ModelRow> at = model;
    std::set<std::string> seen;
    while (at && at->parent && seen.insert(*at->parent).second) {
        chain.prepend(toQString(*at->parent) + QStringLiteral(" → "));
        at = project().model(*at->parent);
    }
    m_lineage->setText(chain);
    m_lineage->setVisible(chain != m_name->text());
}

void ModelsPage::importModel(const QString& path)
{
    if (path.isEmpty() || m_bridge.busy())
        return;
    m_own = true;
    m_error->hide();
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
    m_error->hide();
    ExportModel command;
    command.model = name;
    command.folder = std::filesystem::path(parent.toStdString()) / name;
    m_bridge.post(command);
}

} // namespace mpo
