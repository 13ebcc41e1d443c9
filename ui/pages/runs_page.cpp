// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs_page.h"

#include "core/store/project.h"
#include "core/support/error.h"
#include "ui/charts/lineage_view.h"
#include "ui/charts/metric_grid.h"
#include "ui/find_key.h"
#include "ui/format.h"
#include "ui/models/run_filter_model.h"
#include "ui/models/run_table_model.h"
#include "ui/models/settings_table_model.h"
#include "ui/notice.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/run_details.h"
#include "ui/pages/run_files.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDesktopServices>
#include <QDropEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace mpo {

namespace {

constexpr int kDetailWidth = 264;
constexpr std::size_t kCompared = 7; ///< as many as there are colours

} // namespace

RunsPage::RunsPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_files(new RunFiles(project(), this))
{
    setAcceptDrops(true);
    m_details = new RunDetails(project());
    QFrame* details = makeCard();
    details->setFixedWidth(kDetailWidth);
    auto* detailLayout = new QVBoxLayout(details);
    detailLayout->setContentsMargins(0, 0, 0, 0);
    detailLayout->addWidget(m_details);

    auto* lower = new QWidget;
    auto* lowerLayout = new QHBoxLayout(lower);
    lowerLayout->setContentsMargins(0, 0, 0, 0);
    lowerLayout->setSpacing(2 * kSpace);
    lowerLayout->addWidget(makeTabs(), 1);
    lowerLayout->addWidget(details);
    m_body = new QSplitter(Qt::Vertical);
    m_body->setObjectName(QStringLiteral("runs"));
    m_body->setHandleWidth(2 * kSpace);
    m_body->addWidget(makeTable());
    m_body->addWidget(lower);
    m_body->setStretchFactor(0, 2);
    m_body->setStretchFactor(1, 3);
    m_body->setSizes({230, 350});
    m_body->setChildrenCollapsible(false);
    keepState(m_body, "runs");

    m_notice = new Notice;
    m_notice->label()->setTextFormat(Qt::AutoText);
    m_notice->label()->setTextInteractionFlags(Qt::TextBrowserInteraction);
    m_notice->label()->setOpenExternalLinks(true);
    m_notice->label()->setObjectName(QStringLiteral("notice"));
    m_empty = new EmptyState;
    m_empty->setTexts(tr("No runs yet"),
        tr("Every training appears here with its curves, settings and lineage. Curves of TensorBoard or of "
           "transformers "
           "can be brought in to compare: import them, or drop a folder here."));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(makeHead());
    layout->addWidget(m_notice);
    layout->addWidget(makeUndoBar());
    layout->addWidget(m_body, 1);
    layout->addWidget(m_empty, 1);

    connect(m_files, &RunFiles::busyChanged, this, &RunsPage::updateButtons);
    connect(m_files, &RunFiles::imported, this, [this](const std::vector<std::int64_t>& runs, const QString& sentence) {
        m_search->clear();
        refresh();
        select({runs.begin(), runs.end()});
        m_notice->say(sentence, false);
    });
    connect(m_files, &RunFiles::exported, this, [this](const QString& sentence) { m_notice->say(sentence, false); });
    connect(m_files, &RunFiles::reported, this, [this](const QString& file) {
        const QString url = QString::fromLatin1(QUrl::fromLocalFile(file).toEncoded());
        m_notice->say(
            tr("The report is in <a href=\"%1\">%2</a>").arg(url.toHtmlEscaped(), formatFolder(file).toHtmlEscaped()),
            false);
    });
    connect(m_files, &RunFiles::failed, this, [this](const QString& sentence) { m_notice->say(sentence, true); });
    connect(m_files, &RunFiles::measured, this, [this](std::int64_t run, std::uint64_t bytes) {
        m_model->setDiskUse(run, bytes);
        if (!m_shown.empty() && m_shown.back() == run)
            m_details->setDiskUse(bytes);
    });
    connect(m_details, &RunDetails::tagsChanged, m_model, &RunTableModel::setTags);
    connect(m_details, &RunDetails::noteChanged, m_model, &RunTableModel::setNote);
    connect(m_details, &RunDetails::deleteRequested, this, &RunsPage::deleteChosen);
    connect(m_details, &RunDetails::failed, this, [this](const QString& sentence) { m_notice->say(sentence, true); });
    connect(m_lineage, &LineageView::chosen, this, &RunsPage::openNode);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPage::showChosen);
    connect(&m_bridge, &EngineBridge::metricsLogged, this, [this](const std::vector<MetricsLogged>& batch) {
        m_charts->append(batch);
        m_last = batch.back();
        if (!m_progressTimer.isActive())
            m_progressTimer.start();
    });
    // Once a second: the result in the table is read from the store.
    m_progressTimer.setSingleShot(true);
    m_progressTimer.setInterval(1000);
    connect(&m_progressTimer, &QTimer::timeout, this,
        [this] { m_model->setProgress(m_last.run, m_last.step, m_last.totalSteps); });
    const auto reload = [this] {
        if (isVisible())
            refresh();
    };
    connect(&m_bridge, &EngineBridge::runStarted, this, reload);
    connect(&m_bridge, &EngineBridge::runEnded, this, reload);
    connect(&m_bridge, &EngineBridge::storeChanged, this, reload);
}

RunsPage::~RunsPage() { m_details->saveNote(); }

QWidget* RunsPage::makeHead()
{
    m_import = new QPushButton(tr("Import ▾"));
    m_import->setToolTip(tr("Curves of other programs, to compare with; files and folders can be dropped here too"));
    auto* kinds = new QMenu(m_import);
    connect(kinds->addAction(tr("Folder of TensorBoard or transformers…")), &QAction::triggered, this,
        [this] { importFrom(QFileDialog::getExistingDirectory(this, tr("Import the runs of a folder"))); });
    connect(kinds->addAction(tr("Event file or trainer_state.json…")), &QAction::triggered, this, [this] {
        importFrom(QFileDialog::getOpenFileName(
            this, tr("Import a run"), {}, tr("Event files and trainer_state.json (*tfevents* *.json);;All files (*)")));
    });
    m_import->setMenu(kinds);
    m_export = new QPushButton(tr("Export ▾"));
    m_export->setToolTip(tr("Write the chosen runs for other programs"));
    auto* formats = new QMenu(m_export);
    for (const auto& [format, title] : {std::pair {RunFormat::TensorBoard, tr("For TensorBoard…")},
             std::pair {RunFormat::TrainerState, tr("As trainer_state.json…")}})
        connect(formats->addAction(title), &QAction::triggered, this, [this, format = format] {
            exportTo(QFileDialog::getExistingDirectory(this, tr("Export the chosen runs into this folder")), format);
        });
    m_export->setMenu(formats);
    m_report = new QPushButton(tr("Open the report"));
    m_report->setToolTip(tr("Shows the report of the last demo or recipe in the web browser"));
    connect(m_report, &QPushButton::clicked, this,
        [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(reportFile().string()))); });

    m_write = new QPushButton(tr("Write a report…"));
    m_write->setObjectName(QStringLiteral("writeReport"));
    m_write->setToolTip(
        tr("One page, HTML or PDF, on the chosen run and all it came from: data, split, settings, curves, "
           "evaluations, and the commands to repeat it"));
    connect(m_write, &QPushButton::clicked, this, [this] {
        writeReport(QFileDialog::getSaveFileName(
            this, tr("Write a report"), toQString(project().name() + ".html"), tr("Page (*.html);;PDF (*.pdf)")));
    });

    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(tr("Runs")));
    titles->addWidget(makeHint(tr("Hold Ctrl to choose several runs: their curves share the charts, and their settings "
                                  "stand side by side.")));
    auto* head = new QWidget;
    auto* layout = new QHBoxLayout(head);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(titles, 1);
    for (QPushButton* button : {m_report, m_write, m_export, m_import})
        layout->addWidget(button, 0, Qt::AlignTop);
    return head;
}

QWidget* RunsPage::makeUndoBar()
{
    m_undoBar = makeCard();
    m_undoBar->setObjectName(QStringLiteral("undo"));
    m_undoText = new QLabel;
    auto* undo = new QPushButton(tr("Undo"));
    undo->setToolTip(tr("Ctrl+Z"));
    auto* close = new QPushButton;
    close->setIcon(themedIcon(QStringLiteral("close")));
    close->setAccessibleName(tr("Close"));
    setRole(close, "quiet");
    auto* layout = new QHBoxLayout(m_undoBar);
    layout->setContentsMargins(2 * kSpace, kSpace / 2, kSpace, kSpace / 2);
    layout->addWidget(m_undoText, 1);
    layout->addWidget(undo);
    layout->addWidget(close);
    m_undoBar->hide();
    connect(undo, &QPushButton::clicked, this, &RunsPage::undoDelete);
    connect(close, &QPushButton::clicked, m_undoBar, &QWidget::hide);
    return m_undoBar;
}

QWidget* RunsPage::makeTable()
{
    m_model = new RunTableModel(this);
    m_filter = new RunFilterModel(this);
    m_filter->setSourceModel(m_model);
    m_search = new QLineEdit;
    m_search->setPlaceholderText(tr("Search names, tags, notes, settings (Ctrl+F)"));
    m_search->setClearButtonEnabled(true);
    m_search->setAccessibleName(tr("Search runs"));
    m_found = makeHint({});
    m_found->setWordWrap(false);
    m_table = new QTableView;
    m_table->setModel(m_filter);
    setTableLook(m_table);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setAccessibleName(tr("Runs"));
    m_table->setObjectName(QStringLiteral("runs"));
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RunTableModel::Id, Qt::DescendingOrder);
    constexpr std::array widths {52, 68, 176, 84, 96, 104, 100, 204, 80, 88};
    for (int column = 0; column < int(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[std::size_t(column)]);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(RunTableModel::Name, QHeaderView::Stretch);
    m_table->horizontalHeader()->setMinimumSectionSize(48);
    keepState(m_table, "order");
    keepState(m_search, "search");
    m_table->setMinimumHeight(14 * kSpace);

    const auto addKey = [this](const QString& text, const QKeySequence& key, QWidget* where, const auto& what) {
        auto* action = new QAction(text, where);
        action->setShortcut(key);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, what);
        where->addAction(action);
    };
    addKey(tr("Delete"), QKeySequence::Delete, m_table, [this] { deleteChosen(); });
    addKey(tr("Undo"), QKeySequence::Undo, this, [this] { undoDelete(); });
    setFindKey(this, m_search);
    connect(m_search, &QLineEdit::textChanged, this, &RunsPage::updateSearch);

    auto* row = new QHBoxLayout;
    row->addWidget(m_search, 1);
    row->addWidget(m_found);
    auto* widget = new QWidget;
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(row);
    layout->addWidget(m_table, 1);
    return widget;
}

QWidget* RunsPage::makeTabs()
{
    m_charts = new MetricGrid;
    m_charts->setEmptyText(tr("This run has logged no metrics."));

    m_settings = new SettingsTableModel(this);
    m_settingsTable = new QTableView;
    m_settingsTable->setModel(m_settings);
    setTableLook(m_settingsTable);
    m_settingsTable->setAccessibleName(tr("Settings"));
    m_onlyDifferences = new QCheckBox(tr("Only what differs"));
    m_onlyDifferences->setObjectName(QStringLiteral("onlyDifferences"));
    m_differences = makeHint({});
    m_differences->setWordWrap(false);
    auto* copy = new QPushButton(tr("Copy"));
    copy->setToolTip(tr("Copies the table, for a spreadsheet"));
    auto* tools = new QHBoxLayout;
    tools->addWidget(m_onlyDifferences);
    tools->addWidget(m_differences, 1);
    tools->addWidget(copy);
    auto* settings = new QWidget;
    auto* settingsLayout = new QVBoxLayout(settings);
    settingsLayout->setContentsMargins(0, kSpace, 0, 0);
    settingsLayout->setSpacing(kSpace);
    settingsLayout->addLayout(tools);
    settingsLayout->addWidget(m_settingsTable, 1);
    connect(m_onlyDifferences, &QCheckBox::toggled, m_settings, &SettingsTableModel::setOnlyDifferences);
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(m_settings->asText());
        Q_EMIT message(tr("Copied the settings."));
    });

    m_lineage = new LineageView;
    auto* scroll = new QScrollArea;
    scroll->setWidget(m_lineage);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    m_lineage->setAutoFillBackground(false);

    auto* charts = new QWidget;
    auto* chartsLayout = new QVBoxLayout(charts);
    chartsLayout->setContentsMargins(0, kSpace, 0, 0);
    chartsLayout->addWidget(m_charts);
    m_tabs = new QTabWidget;
    keepState(m_tabs, "tabs");
    keepState(m_onlyDifferences, "only differences");
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->addTab(charts, tr("Curves"));
    m_tabs->addTab(settings, tr("Settings"));
    m_tabs->addTab(scroll, tr("Lineage"));
    return m_tabs;
}

void RunsPage::refresh()
{
    std::vector<qint64> chosen = m_restored.empty() ? chosenRuns() : std::exchange(m_restored, {});
    if (m_selection.run() != 0 && (m_shown.empty() || m_shown.back() != m_selection.run()))
        chosen = {m_selection.run()}; // chosen on another page
    m_shown.clear();
    m_model->setRuns(&project(), project().runs());
    select(chosen);
    m_body->setVisible(m_model->rowCount() > 0);
    m_empty->setVisible(m_model->rowCount() == 0);
    std::error_code ignored;
    m_report->setVisible(std::filesystem::exists(reportFile(), ignored));
    updateSearch();
    updateButtons();
    std::vector<std::int64_t> unknown;
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (!m_model->diskUse(m_model->run(row).id) || m_model->run(row).ended.empty())
            unknown.push_back(m_model->run(row).id);
    if (!unknown.empty())
        m_files->measure(unknown);
}

QJsonObject RunsPage::choices() const
{
    QJsonArray runs;
    for (const qint64 run : m_shown.empty() ? m_restored : m_shown) // never opened: as it was
        runs << run;
    return {{QStringLiteral("runs"), runs}, {QStringLiteral("zooms"), m_shown.empty() ? m_zooms : m_charts->zooms()}};
}

void RunsPage::restoreChoices(const QJsonObject& choices)
{
    for (const QJsonValue& run : choices[QStringLiteral("runs")].toArray())
        m_restored.push_back(qint64(run.toDouble()));
    m_zooms = choices[QStringLiteral("zooms")].toObject();
}

void RunsPage::select(const std::vector<qint64>& runs)
{
    QItemSelection selection;
    QModelIndex first;
    const auto add = [&](int row) {
        selection.select(m_filter->index(row, 0), m_filter->index(row, RunTableModel::ColumnCount - 1));
        if (!first.isValid())
            first = m_filter->index(row, 0);
    };
    for (const qint64 run : runs)
        if (const int row = m_model->rowOf(run); row >= 0)
            if (const QModelIndex index = m_filter->mapFromSource(m_model->index(row, 0)); index.isValid())
                add(index.row());
    if (selection.isEmpty() && m_filter->rowCount() > 0)
        add(0);
    if (first.isValid())
        m_table->selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    if (first.isValid())
        m_table->scrollTo(first);
}

std::filesystem::path RunsPage::reportFile() const { return project().folder() / "report" / "index.html"; }

void RunsPage::updateSearch()
{
    m_filter->setSearch(m_search->text());
    const bool searches = !m_search->text().trimmed().isEmpty();
    m_found->setText(searches ? tr("%1 of %2").arg(formatCount(m_filter->rowCount()), formatCount(m_model->rowCount()))
            : m_model->rowCount() == 1 ? tr("1 run")
                                       : tr("%1 runs").arg(formatCount(m_model->rowCount())));
    if (!m_table->selectionModel()->hasSelection())
        select({});
}

void RunsPage::updateButtons()
{
    const bool writable = !m_bridge.readOnly();
    m_import->setEnabled(writable && !m_files->busy());
    m_export->setEnabled(!m_files->busy() && m_model->rowCount() > 0);
    m_write->setEnabled(!m_files->busy());
}

std::vector<qint64> RunsPage::chosenRuns() const
{
    std::vector<qint64> runs;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
        runs.push_back(m_model->run(m_filter->mapToSource(index).row()).id);
    std::sort(runs.begin(), runs.end());
    return runs;
}

void RunsPage::showChosen()
{
    const std::vector<qint64> runs = chosenRuns();
    if (runs.empty() || runs == m_shown)
        return;
    m_shown = runs;
    std::vector<MetricGrid::Run> curves;
    std::vector<Json> configs;
    QStringList titles;
    for (const qint64 id : runs) {
        if (curves.size() == kCompared)
            break;
        const RunRow& row = m_model->run(m_model->rowOf(id));
        curves.push_back(
            {id, tr("%1 · %2").arg(id).arg(toQString(row.name)), project().metrics(id), toQString(row.started)});
        configs.push_back(row.config);
        titles << curves.back().label;
    }
    m_charts->setEmptyText(
        runs.size() == 1 ? tr("This run has logged no metrics.") : tr("These runs have logged no metrics."));
    m_charts->setRuns(curves);
    m_charts->setZooms(std::exchange(m_zooms, {}));
    for (const MetricGrid::Run& run : curves)
        m_charts->setAlarms(run.id, project().alarms(run.id));
    m_settings->setRuns(titles, configs);
    m_settingsTable->setColumnWidth(0, 22 * kSpace);
    for (int column = 1; column <= int(titles.size()); ++column)
        m_settingsTable->setColumnWidth(column, 22 * kSpace);
    m_onlyDifferences->setVisible(titles.size() > 1);
    QString difference;
    if (titles.size() > 1)
        difference = m_settings->differences() == 1 ? tr("1 setting differs.")
                                                    : tr("%1 settings differ.").arg(m_settings->differences());
    if (runs.size() > kCompared)
        difference += tr(" The first %1 of %2 runs are compared.").arg(kCompared).arg(runs.size());
    m_differences->setText(difference);

    const RunRow& row = m_model->run(m_model->rowOf(runs.back()));
    m_selection.setRun(row.id);
    m_details->showRun(row, int(runs.size()));
    if (const auto bytes = m_model->diskUse(row.id))
        m_details->setDiskUse(*bytes);
    try {
        m_lineage->setLineage(lineageOfRun(project(), row.id));
    } catch (const Error& error) { // another program has deleted it
        m_notice->say(toQString(error.what()), true);
    }
}

void RunsPage::openNode(const LineageNode& node)
{
    if (node.run != 0 && m_model->rowOf(node.run) >= 0) {
        m_search->clear();
        select({node.run});
        return;
    }
    if (!node.present)
        return;
    if (node.kind == LineageKind::Data) {
        m_selection.setDataset(toQString(node.name));
        Q_EMIT openPage(PageId::Data);
    } else if (node.kind == LineageKind::Scores || node.kind == LineageKind::Split) {
        Q_EMIT openPage(PageId::Split);
    } else if (node.kind == LineageKind::Evaluation) {
        Q_EMIT openPage(PageId::Evaluate);
    } else if (node.kind != LineageKind::Run) {
        Q_EMIT openPage(PageId::Models);
    }
}

void RunsPage::importFrom(const QString& path)
{
    if (path.isEmpty() || m_files->busy() || m_bridge.readOnly())
        return;
    m_notice->say(tr("Reading %1 …").arg(formatFolder(path)), false);
    m_files->importFrom(path.toStdString());
}

void RunsPage::exportTo(const QString& folder, RunFormat format)
{
    const std::vector<qint64> runs = chosenRuns();
    if (folder.isEmpty() || runs.empty() || m_files->busy())
        return;
    m_notice->clear();
    m_files->exportTo(folder.toStdString(), {runs.begin(), runs.end()}, format);
}

void RunsPage::writeReport(const QString& file)
{
    if (file.isEmpty() || m_files->busy())
        return;
    const std::vector<qint64> runs = chosenRuns();
    m_notice->say(tr("Writing the report …"), false);
    m_files->writeReport(runs.empty() ? 0 : runs.back(), file.toStdString());
}

void RunsPage::deleteChosen()
{
    if (m_bridge.readOnly())
        return;
    m_details->saveNote();
    std::vector<qint64> gone;
    QString problem;
    int next = -1; // the row that is chosen then
    for (const qint64 run : chosenRuns()) {
        try {
            const int row = m_filter->mapFromSource(m_model->index(m_model->rowOf(run), 0)).row();
            project().deleteRun(run);
            gone.push_back(run);
            next = next < 0 ? row : std::min(next, row);
        } catch (const Error& error) {
            problem = toQString(error.what());
        }
    }
    m_notice->say(problem, true);
    if (gone.empty())
        return;
    m_deleted.push_back(gone);
    m_table->clearSelection();
    m_selection.setRun(0);
    refresh();
    if (m_filter->rowCount() > 0) {
        const int row = std::clamp(next, 0, m_filter->rowCount() - 1);
        select({m_model->run(m_filter->mapToSource(m_filter->index(row, 0)).row()).id});
    }
    showUndo();
}

void RunsPage::showUndo()
{
    m_undoBar->setVisible(!m_deleted.empty());
    if (m_deleted.empty())
        return;
    const std::vector<qint64>& last = m_deleted.back();
    m_undoText->setText(last.size() == 1 ? tr("Run %1 is deleted. Its files go in a week.").arg(last.front())
                                         : tr("%1 runs are deleted. Their files go in a week.").arg(last.size()));
}

void RunsPage::undoDelete()
{
    if (m_deleted.empty())
        return;
    const std::vector<qint64> runs = m_deleted.back();
    m_deleted.pop_back();
    QString problem;
    for (const qint64 run : runs)
        try {
            project().restoreRun(run);
        } catch (const Error& error) {
            problem = toQString(error.what());
        }
    m_notice->say(problem, true);
    m_search->clear();
    refresh();
    select(runs);
    showUndo();
}

void RunsPage::dragEnterEvent(QDragEnterEvent* event)
{
    if (m_import->isEnabled() && event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void RunsPage::dropEvent(QDropEvent* event) { importFrom(event->mimeData()->urls().first().toLocalFile()); }

} // namespace mpo
