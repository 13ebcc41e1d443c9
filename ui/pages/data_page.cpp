// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/data_page.h"

#include "core/store/project.h"
#include "core/support/error.h"
#include "ui/find_key.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/models/import_issue_model.h"
#include "ui/models/pair_table_model.h"
#include "ui/notice.h"
#include "ui/pages/data_check_panel.h"
#include "ui/pages/data_import_panel.h"
#include "ui/pages/data_inspector.h"
#include "ui/pages/empty_state.h"
#include "ui/pair_view.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kListWidth = 176;
constexpr int kCountRole = Qt::UserRole + 1;

/// What can be dropped and chosen.
constexpr const char* kFilter = QT_TRANSLATE_NOOP("mpo::DataPage",
    "Preference data (*.jsonl *.ndjson *.json *.csv *.tsv *.parquet *.arrow *.gz *.zst);;All files (*)");

struct ExportChoice
{
    ExportFormat format;
    const char* title;
};
constexpr ExportChoice kExports[] {
    {ExportFormat::Trl, QT_TRANSLATE_NOOP("mpo::DataPage", "TRL: prompt, chosen, rejected")},
    {ExportFormat::TrlMessages, QT_TRANSLATE_NOOP("mpo::DataPage", "TRL, as messages")},
    {ExportFormat::Hh, QT_TRANSLATE_NOOP("mpo::DataPage", "HH-RLHF: whole dialogues")},
    {ExportFormat::Arena, QT_TRANSLATE_NOOP("mpo::DataPage", "Arena battles")}};

/// Titles over the counts of a report, in the order of DataPage::m_counts. Those after the first two are shown only
/// where something is counted.
constexpr const char* kCounts[] {QT_TRANSLATE_NOOP("mpo::DataPage", "read"),
    QT_TRANSLATE_NOOP("mpo::DataPage", "imported"), QT_TRANSLATE_NOOP("mpo::DataPage", "malformed"),
    QT_TRANSLATE_NOOP("mpo::DataPage", "empty responses"), QT_TRANSLATE_NOOP("mpo::DataPage", "identical"),
    QT_TRANSLATE_NOOP("mpo::DataPage", "duplicates"), QT_TRANSLATE_NOOP("mpo::DataPage", "ties"),
    QT_TRANSLATE_NOOP("mpo::DataPage", "not paired")};

QString countText(const DatasetRow& row)
{
    const QString count = formatCount(row.pairs);
    switch (row.kind) {
    case DatasetKind::Pairs:
        return row.pairs == 1 ? DataPage::tr("1 pair") : DataPage::tr("%1 pairs").arg(count);
    case DatasetKind::Completions:
        return row.pairs == 1 ? DataPage::tr("1 response") : DataPage::tr("%1 responses").arg(count);
    case DatasetKind::Prompts:
        return row.pairs == 1 ? DataPage::tr("1 prompt") : DataPage::tr("%1 prompts").arg(count);
    }
    return count;
}

/// Name, and muted below it how much there is.
class DatasetDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {0, 6 * kSpace}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        QStyleOptionViewItem frame(option);
        initStyleOption(&frame, index);
        frame.text.clear();
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &frame, painter, option.widget);
        const QRect area = option.rect.adjusted(kSpace + 2, kSpace - 1, -kSpace, 1 - kSpace);
        const auto line = [&](const QString& text, const QColor& colour, Qt::Alignment alignment) {
            painter->setPen(colour);
            painter->drawText(area, int(alignment), option.fontMetrics.elidedText(text, Qt::ElideMiddle, area.width()));
        };
        painter->save();
        painter->setFont(option.font);
        line(index.data().toString(), colours().text, Qt::AlignTop);
        line(index.data(kCountRole).toString(), colours().muted, Qt::AlignBottom);
        painter->restore();
    }
};

} // namespace

DataPage::DataPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
{
    setAcceptDrops(true);
    m_import = new QPushButton(tr("Import file…"));
    setRole(m_import, "primary");
    m_export = makeExport();

    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(tr("Data")));
    titles->addWidget(makeHint(tr("Preference pairs: a prompt, a chosen and a rejected response. JSON, CSV, Parquet, "
                                  "Arrow; drop a file or folder.")));
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addLayout(titles, 1);
    head->addWidget(m_export);
    head->addWidget(m_import);

    m_notice = new Notice;
    m_progressRow = new QWidget;
    auto* progressLayout = new QHBoxLayout(m_progressRow);
    progressLayout->setContentsMargins(0, 0, 0, 0);
    m_progressText = new QLabel;
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    progressLayout->addWidget(m_progressText);
    progressLayout->addWidget(m_progress, 1);
    m_progressRow->hide();

    m_list = new QListWidget;
    m_list->setFixedWidth(kListWidth);
    m_list->setItemDelegate(new DatasetDelegate(m_list));
    m_list->setAccessibleName(tr("Data sets"));
    m_tabs = new QTabWidget;
    keepState(m_tabs, "tabs");
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    m_inspector = new DataInspector(project(), this);
    m_check = new DataCheckPanel(project(), *m_inspector);
    m_report = makeReport();
    m_tabs->addTab(makePairs(), tr("Pairs"));
    m_tabs->addTab(m_check, tr("Check"));
    m_tabs->addTab(m_report, tr("Import report"));
    connect(m_check, &DataCheckPanel::rowChosen, this, &DataPage::goToRow);
    m_body = new QWidget;
    auto* body = new QHBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(2 * kSpace);
    body->addWidget(m_list);
    body->addWidget(m_tabs, 1);
    m_panel = new DataImportPanel;
    m_panel->hide();
    m_empty = new EmptyState;
    m_empty->setTexts(tr("No data yet"),
        tr("Import a file with prompts and two responses each, or drop it here. The formats of the common data sets "
           "are "
           "recognised, and you see the mapping before anything is imported."));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addWidget(m_notice);
    layout->addWidget(m_progressRow);
    layout->addWidget(m_panel, 1);
    layout->addWidget(m_body, 1);
    layout->addWidget(m_empty, 1);

    connect(m_import, &QPushButton::clicked, this, &DataPage::chooseFile);
    connect(m_panel, &DataImportPanel::cancelled, this, [this] { showPanel(false); });
    connect(m_panel, &DataImportPanel::accepted, this, &DataPage::startImport);
    connect(m_list, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
        if (item)
            showDataset(item->data(Qt::UserRole).toString());
    });
    connect(&m_bridge, &EngineBridge::busyChanged, this, [this](bool busy) {
        m_import->setEnabled(!busy);
        m_export->setEnabled(!busy && m_list->count() > 0);
        m_import->setToolTip(busy ? tr("Something is running; import when it has finished.") : QString());
    });
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (!m_importing)
            return;
        m_progressText->setText(toQString(event.what));
        m_progress->setRange(0, event.share < 0.0 ? 0 : 1000);
        m_progress->setValue(int(1000.0 * event.share));
    });
    connect(&m_bridge, &EngineBridge::datasetImported, this, [this](const DatasetImported& event) {
        m_selection.setDataset(toQString(event.name));
        refresh();
        if (m_importing && event.report) {
            showReport(*event.report);
            m_tabs->setCurrentWidget(m_report);
        }
    });
    connect(&m_bridge, &EngineBridge::datasetExported, this, [this](const DatasetExported& event) {
        Q_EMIT message(tr("%1: %2 rows written").arg(toQString(event.file.string()), formatCount(event.rows)));
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!std::exchange(m_importing, false))
            return;
        m_progressRow->hide();
        if (event.outcome == CommandFinished::Outcome::Failed)
            m_notice->say(toQString(event.message), true);
    });
}

QWidget* DataPage::makePairs()
{
    m_search = new QLineEdit;
    m_search->setPlaceholderText(tr("Search in prompts and responses"));
    m_search->setAccessibleName(tr("Search in prompts and responses"));
    m_search->setClearButtonEnabled(true);
    setFindKey(this, m_search);
    m_searchState = makeHint({});
    m_searchState->setWordWrap(false);
    m_searchState->hide();
    m_pairs = new PairTableModel(this);
    m_table = new QTableView;
    m_table->setAccessibleName(tr("Pairs"));
    m_table->setModel(m_pairs);
    setTableLook(m_table);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(PairTableModel::Prompt, QHeaderView::Stretch);
    m_table->horizontalHeader()->resizeSection(PairTableModel::Number, 56);
    m_table->horizontalHeader()->resizeSection(PairTableModel::Lengths, 102);
    m_view = new PairView;
    m_showAs = new ItemPicker;
    m_showAs->setOptional(tr("Text as it stands"));
    m_showAs->setAccessibleName(tr("Show pairs as"));
    m_showAs->setToolTip(tr("A model: with its chat template and special tokens, and the number of tokens"));
    m_tokenProblem = new QLabel;
    m_tokenProblem->setWordWrap(true);
    setRole(m_tokenProblem, "error");
    m_tokenProblem->hide();
    auto* showAs = makeHint(tr("Show as"));
    showAs->setWordWrap(false);
    auto* showRow = new QHBoxLayout;
    showRow->addWidget(showAs);
    showRow->addWidget(m_showAs, 1);
    auto* right = new QWidget;
    auto* rightLayout = new QVBoxLayout(right);
    rightLayout->setContentsMargins(0, 0, 0, 0);
    rightLayout->setSpacing(kSpace);
    rightLayout->addLayout(showRow);
    rightLayout->addWidget(m_tokenProblem);
    rightLayout->addWidget(m_view, 1);

    auto* left = new QWidget;
    auto* leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(kSpace);
    auto* searchRow = new QHBoxLayout;
    searchRow->addWidget(m_search, 1);
    searchRow->addWidget(m_searchState);
    leftLayout->addLayout(searchRow);
    leftLayout->addWidget(m_table, 1);

    auto* splitter = new QSplitter;
    splitter->setHandleWidth(2 * kSpace);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({400, 440});
    keepState(splitter, "pairs");
    splitter->setChildrenCollapsible(false);
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->addWidget(splitter);

    connect(m_showAs, &ItemPicker::changed, this, [this] { showPair(m_table->currentIndex().row()); });
    connect(m_inspector, &DataInspector::previewed, this, [this](const TokenPreview::Row& row) {
        if (!m_showAs->value().isEmpty())
            m_view->setTokens(row);
    });
    connect(m_inspector, &DataInspector::previewFailed, this, [this](const QString& sentence) {
        m_tokenProblem->setText(sentence);
        m_tokenProblem->setVisible(!m_showAs->value().isEmpty());
    });
    connect(m_search, &QLineEdit::textChanged, m_pairs, &PairTableModel::setSearch);
    connect(m_pairs, &PairTableModel::searchProgress, this, [this](qint64 looked, qint64 total) {
        const bool search = !m_search->text().trimmed().isEmpty();
        m_searchState->setText(!search ? QString()
                : looked < total       ? tr("%1 found …").arg(formatCount(m_pairs->rowCount()))
                                       : tr("%1 found").arg(formatCount(m_pairs->rowCount())));
        m_searchState->setVisible(search);
        if (!m_table->currentIndex().isValid() && m_pairs->rowCount() > 0)
            m_table->selectRow(0);
        else if (m_pairs->rowCount() == 0 && looked >= total)
            m_view->clear(search ? tr("Nothing found.") : tr("Choose a data set."));
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& current) { showPair(current.row()); });
    return page;
}

QWidget* DataPage::makeReport()
{
    auto* counts = new QHBoxLayout;
    counts->setSpacing(kSpace);
    for (int i = 0; i < kCountCards; ++i) {
        QFrame* card = makeCard();
        m_cards[i] = card;
        auto* layout = new QVBoxLayout(card);
        layout->setContentsMargins(2 * kSpace, kSpace, 2 * kSpace, kSpace);
        layout->setSpacing(0);
        m_counts[i] = new QLabel;
        setRole(m_counts[i], "value");
        layout->addWidget(m_counts[i]);
        auto* caption = makeHint(tr(kCounts[i]));
        caption->setWordWrap(false);
        layout->addWidget(caption);
        counts->addWidget(card, 1);
    }
    m_reportLine = makeHint({});
    m_reportLine->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_mapping = makeHint({});
    m_mapping->setObjectName(QStringLiteral("mapping"));
    m_mapping->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_issues = new ImportIssueModel(this);
    m_issueTable = new QTableView;
    m_issueTable->setAccessibleName(tr("What was skipped"));
    m_issueTable->setModel(m_issues);
    setTableLook(m_issueTable);
    m_issueTable->horizontalHeader()->resizeSection(ImportIssueModel::Line, 80);
    m_issueTable->horizontalHeader()->resizeSection(ImportIssueModel::Kind, 150);
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(counts);
    layout->addWidget(m_reportLine);
    layout->addWidget(m_mapping);
    layout->addWidget(m_issueTable, 1);
    layout->addStretch(0); // takes the room of a table that is not there
    return page;
}

void DataPage::refresh()
{
    const QString wanted = m_selection.dataset();
    {
        const QSignalBlocker blocker(m_list);
        m_list->clear();
        for (const DatasetRow& row : project().datasets()) {
            auto* item = new QListWidgetItem(toQString(row.name));
            item->setData(kCountRole, countText(row));
            item->setData(Qt::UserRole, toQString(row.name));
            item->setToolTip(tr("%1\n%2\n%3").arg(toQString(row.name), toQString(row.source), formatTime(row.created)));
            m_list->addItem(item);
            if (toQString(row.name) == wanted)
                m_list->setCurrentItem(item);
        }
        // Pairs first: they are what the path goes on with.
        for (int row = 0; row < m_list->count() && !m_list->currentItem(); ++row)
            if (project().dataset(m_list->item(row)->data(Qt::UserRole).toString().toStdString())->kind
                == DatasetKind::Pairs)
                m_list->setCurrentRow(row);
        if (!m_list->currentItem() && m_list->count() > 0)
            m_list->setCurrentRow(0);
    }
    m_showAs->setItems(modelItems(project()));
    m_check->refresh();
    if (m_list->currentItem())
        showDataset(m_list->currentItem()->data(Qt::UserRole).toString());
    else {
        m_pairs->setDataset(nullptr, {});
    }
    showPanel(!m_panel->isHidden());
    m_export->setEnabled(!m_bridge.busy() && m_list->count() > 0);
}

void DataPage::showDataset(const QString& name)
{
    m_selection.setDataset(name);
    m_check->setDataset(name);
    const int row = m_table->currentIndex().row();
    m_pairs->setDataset(&project(), name);
    if (m_pairs->rowCount() > 0)
        m_table->selectRow(std::clamp(row, 0, m_pairs->rowCount() - 1));
    if (const auto report = project().importReport(name.toStdString())) {
        showReport(*report);
        return;
    }
    const auto dataset = project().dataset(name.toStdString());
    for (int i = 0; i < kCountCards; ++i) {
        m_counts[i]->setText(i < 2 && dataset ? formatCount(dataset->pairs) : QStringLiteral("0"));
        m_cards[i]->setVisible(i < 2);
    }
    m_mapping->hide();
    m_reportLine->setText(dataset ? tr("Not imported from a file: %1.").arg(toQString(dataset->source)) : QString());
    m_issues->setIssues({});
    m_issueTable->hide();
}

void DataPage::showReport(const ImportReport& report)
{
    const std::int64_t values[] {report.records, report.imported, report.malformed, report.emptyAnswers,
        report.identicalResponses, report.duplicates, report.ties, report.unpaired};
    for (int i = 0; i < kCountCards; ++i) {
        m_counts[i]->setText(formatCount(values[i]));
        m_cards[i]->setVisible(i < 2 || values[i] > 0);
    }
    QStringList mapping;
    for (const FieldSource& source : report.mapping)
        mapping << tr("%1 ← %2").arg(toQString(source.field), toQString(source.from));
    m_mapping->setText(mapping.join(QStringLiteral("   ·   ")));
    m_mapping->setVisible(!mapping.isEmpty());
    const std::int64_t skipped = report.leftOut();
    m_reportLine->setText(
        tr("%1 · format %2 · %3")
            .arg(toQString(report.file), toQString(report.format),
                skipped == 0 ? tr("every record was imported")
                             : tr("%1 left out, listed below with the reason").arg(formatCount(skipped))));
    m_issues->setIssues(report.issues);
    m_issueTable->setVisible(!report.issues.empty());
}

void DataPage::showPair(int row)
{
    if (row < 0 || row >= m_pairs->rowCount())
        return;
    m_view->setPair(m_pairs->pair(row));
    m_tokenProblem->hide();
    showTokens();
}

void DataPage::showTokens()
{
    const auto model = project().model(m_showAs->value().toStdString());
    const auto dataset = project().dataset(m_selection.dataset().toStdString());
    const int row = m_table->currentIndex().row();
    if (!model || !dataset || row < 0 || row >= m_pairs->rowCount())
        return;
    // An absolute folder replaces the project's.
    m_inspector->preview((project().folder() / model->folder).string(), m_pairs->pair(row), dataset->kind);
}

void DataPage::goToRow(std::int64_t number)
{
    m_search->clear();
    m_tabs->setCurrentIndex(0);
    if (number >= m_pairs->rowCount())
        return;
    m_table->selectRow(int(number));
    m_table->scrollTo(m_pairs->index(int(number), 0), QAbstractItemView::PositionAtCenter);
    m_table->setFocus();
}

void DataPage::chooseFile()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Import preference data"), {}, tr(kFilter));
    if (!file.isEmpty())
        importFile(file);
}

void DataPage::importFile(const QString& file)
{
    if (m_bridge.busy()) {
        Q_EMIT message(tr("Something is running; import when it has finished."));
        return;
    }
    m_notice->clear();
    try {
        m_panel->open(file);
        showPanel(true);
    } catch (const std::exception& error) {
        showPanel(false);
        m_notice->say(toQString(error.what()), true);
    }
}

void DataPage::showPanel(bool shown)
{
    m_panel->setVisible(shown);
    m_import->setVisible(!shown); // the panel has a button of that name
    m_export->setVisible(!shown);
    m_body->setVisible(!shown && m_list->count() > 0);
    m_empty->setVisible(!shown && m_list->count() == 0);
}

void DataPage::startImport(const ImportDataset& command)
{
    showPanel(false);
    m_importing = true;
    m_progressText->setText(tr("Importing %1").arg(toQString(command.file.filename().string())));
    m_progress->setRange(0, 0);
    m_progressRow->show();
    m_bridge.post(command);
}

QPushButton* DataPage::makeExport()
{
    auto* button = new QPushButton(tr("Export ▾"));
    button->setObjectName(QStringLiteral("export"));
    button->setEnabled(false);
    auto* menu = new QMenu(button);
    for (int i = 0; i < int(std::size(kExports)); ++i)
        connect(menu->addAction(tr(kExports[i].title)), &QAction::triggered, this, [this, i] { exportAs(i); });
    button->setMenu(menu);
    return button;
}

void DataPage::exportAs(int choice)
{
    const QString name = m_selection.dataset();
    const QString file = QFileDialog::getSaveFileName(this, tr("Export %1").arg(name), name + QStringLiteral(".jsonl"),
        tr("JSON lines (*.jsonl *.jsonl.gz);;Table (*.csv)"));
    if (file.isEmpty() || m_bridge.busy())
        return;
    m_notice->clear();
    m_importing = true;
    m_progressText->setText(tr("Exporting %1").arg(name));
    m_progress->setRange(0, 0);
    m_progressRow->show();
    ExportDataset command;
    command.data = name.toStdString();
    command.file = file.toStdString();
    command.format = kExports[choice].format;
    m_bridge.post(command);
}

void DataPage::dragEnterEvent(QDragEnterEvent* event)
{
    if (!m_bridge.busy() && event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void DataPage::dropEvent(QDropEvent* event) { importFile(event->mimeData()->urls().first().toLocalFile()); }

} // namespace mpo
