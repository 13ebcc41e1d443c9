// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs_page.h"

#include "core/store/project.h"
#include "ui/charts/metric_grid.h"
#include "ui/format.h"
#include "ui/models/run_table_model.h"
#include "ui/style.h"

#include <QDesktopServices>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

namespace {

constexpr int kDetailWidth = 304;
constexpr std::size_t kCompared = 7; ///< as many as there are colours

/// The configuration as lines "name  value".
QString configText(const Json& config)
{
    QString text;
    for (const auto& [key, value] : config.items()) {
        if (value.is_object()) {
            text += QLatin1Char('\n') + configText(value);
            continue;
        }
        text += QStringLiteral("%1 %2\n").arg(toQString(key).leftJustified(22),
            value.is_string() ? toQString(value.get<std::string>()) : toQString(value.dump()));
    }
    return text;
}

} // namespace

RunsPage::RunsPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
{
    m_model = new RunTableModel(this);
    m_table = new QTableView;
    m_table->setModel(m_model);
    setTableLook(m_table);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setAccessibleName(tr("Runs"));
    constexpr std::array widths {56, 80, 190, 96, 96, 120, 96};
    for (int column = 0; column < int(widths.size()); ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[std::size_t(column)]);

    m_charts = new MetricGrid;
    m_charts->setEmptyText(tr("This run has logged no metrics."));
    m_detailTitle = makeHeading({});
    m_detailLine = makeHint({});
    m_detailLine->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_config = new QPlainTextEdit;
    m_config->setReadOnly(true);
    m_config->setFont(monospaceFont());
    m_config->document()->setDocumentMargin(0);
    m_config->setLineWrapMode(QPlainTextEdit::NoWrap);
    setRole(m_config, "log");
    QFrame* details = makeCard();
    details->setFixedWidth(kDetailWidth);
    auto* detailLayout = new QVBoxLayout(details);
    detailLayout->setContentsMargins(2 * kSpace, 2 * kSpace, kSpace, kSpace);
    detailLayout->setSpacing(kSpace);
    detailLayout->addWidget(m_detailTitle);
    detailLayout->addWidget(m_detailLine);
    detailLayout->addWidget(m_config, 1);

    auto* lower = new QWidget;
    auto* lowerLayout = new QHBoxLayout(lower);
    lowerLayout->setContentsMargins(0, 0, 0, 0);
    lowerLayout->setSpacing(2 * kSpace);
    lowerLayout->addWidget(m_charts, 1);
    lowerLayout->addWidget(details);
    auto* splitter = m_body = new QSplitter(Qt::Vertical);
    splitter->setHandleWidth(2 * kSpace);
    splitter->addWidget(m_table);
    splitter->addWidget(lower);
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    splitter->setChildrenCollapsible(false);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(tr("Runs")));
    titles->addWidget(
        makeHint(tr("Choose a run to see it. Hold Ctrl to choose several: their curves share the charts.")));
    m_report = new QPushButton(tr("Open the report"));
    m_report->setToolTip(tr("Shows the report of the last demo or recipe in the web browser"));
    auto* head = new QHBoxLayout;
    head->addLayout(titles, 1);
    head->addWidget(m_report);
    layout->addLayout(head);
    layout->addWidget(splitter, 1);
    m_empty = makeHint(tr("No runs yet. Training and scoring appear here."));
    m_empty->setAlignment(Qt::AlignCenter);
    layout->addWidget(m_empty, 1);

    connect(m_report, &QPushButton::clicked, this,
        [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(reportFile().string()))); });
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
}

void RunsPage::refresh()
{
    std::vector<qint64> chosen = chosenRuns();
    if (chosen.empty() && m_selection.run() != 0)
        chosen.push_back(m_selection.run());
    m_shown.clear();
    m_model->setRuns(&project(), project().runs());
    QItemSelection selection;
    for (const qint64 run : chosen)
        if (const int row = m_model->rowOf(run); row >= 0)
            selection.select(m_model->index(row, 0), m_model->index(row, RunTableModel::ColumnCount - 1));
    if (selection.isEmpty() && m_model->rowCount() > 0)
        selection.select(m_model->index(0, 0), m_model->index(0, RunTableModel::ColumnCount - 1));
    m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    m_body->setVisible(m_model->rowCount() > 0);
    m_empty->setVisible(m_model->rowCount() == 0);
    m_report->setVisible(std::filesystem::exists(reportFile()));
}

std::filesystem::path RunsPage::reportFile() const { return project().folder() / "report" / "index.html"; }

std::vector<qint64> RunsPage::chosenRuns() const
{
    std::vector<qint64> runs;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
        if (runs.size() < kCompared)
            runs.push_back(m_model->run(index.row()).id);
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
    for (const qint64 id : runs) {
        const RunRow& row = m_model->run(m_model->rowOf(id));
        curves.push_back({id, tr("%1 · %2").arg(id).arg(toQString(row.name)), project().metrics(id)});
    }
    m_charts->setEmptyText(tr("This run has logged no metrics."));
    m_charts->setRuns(curves);
    const RunRow& row = m_model->run(m_model->rowOf(runs.back()));
    m_selection.setRun(row.id);
    m_detailTitle->setText(tr("Run %1 · %2").arg(row.id).arg(toQString(row.stage)));
    QStringList lines;
    if (!row.parents.empty()) {
        QStringList parents;
        for (const std::string& parent : row.parents)
            parents << toQString(parent);
        lines << tr("From %1").arg(parents.join(QStringLiteral(", ")));
    }
    if (!row.message.empty())
        lines << toQString(row.message);
    lines << tr("Folder %1").arg(toQString(row.folder));
    m_detailLine->setText(lines.join(QLatin1Char('\n')));
    m_config->setPlainText(configText(row.config).trimmed());
}

} // namespace mpo
