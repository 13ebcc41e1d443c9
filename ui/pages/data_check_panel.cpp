// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/data_check_panel.h"

#include "core/store/project.h"
#include "ui/charts/length_histogram.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/models/finding_table_model.h"
#include "ui/pages/data_inspector.h"
#include "ui/style.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr const char* kCounts[] {QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "rows"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "different prompts"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "opposite labels"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "prompts in both"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "identical responses"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "duplicates"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "chosen is longer")};

constexpr const char* kTips[] {"", "",
    QT_TRANSLATE_NOOP(
        "mpo::DataCheckPanel", "Rows with the prompt and the responses of another row, but the other one chosen"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel",
        "Rows whose prompt stands in the other data set too: a test on it would not be held out"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "Chosen and rejected say the same: nothing can be learnt from such a row"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel", "Rows that say again what another row says"),
    QT_TRANSLATE_NOOP("mpo::DataCheckPanel",
        "Share of the pairs whose chosen response is the longer one; far from half, length alone tells the label")};

QLabel* makeFieldName(const QString& text)
{
    auto* label = new QLabel(text);
    setRole(label, "hint");
    return label;
}

} // namespace

DataCheckPanel::DataCheckPanel(Project& project, DataInspector& inspector, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_inspector(inspector)
{
    m_model = new ItemPicker;
    m_model->setOptional(tr("Characters"));
    m_model->setAccessibleName(tr("Count lengths in"));
    m_against = new ItemPicker;
    m_against->setOptional(tr("Nothing"));
    m_against->setAccessibleName(tr("Look for its prompts in"));
    m_check = new QPushButton;
    m_check->setObjectName(QStringLiteral("check"));
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setRange(0, 1000);
    auto* tools = new QHBoxLayout;
    tools->setSpacing(kSpace);
    tools->addWidget(makeFieldName(tr("Lengths in")));
    tools->addWidget(m_model, 3);
    tools->addSpacing(kSpace);
    tools->addWidget(makeFieldName(tr("Compare prompts with")));
    tools->addWidget(m_against, 3);
    tools->addSpacing(kSpace);
    tools->addWidget(m_check);
    m_error = new QLabel;
    m_error->setWordWrap(true);
    setRole(m_error, "error");
    m_hint = makeHint(
        tr("Looks for rows that are there twice, the same pair with opposite labels, prompts that another data "
           "set has too, and shows how long the texts are."));
    m_hint->setAlignment(Qt::AlignCenter);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(tools);
    layout->addWidget(m_progress);
    layout->addWidget(m_error);
    layout->addWidget(makeResult(), 1);
    layout->addWidget(m_hint, 1);

    connect(m_check, &QPushButton::clicked, this, [this] {
        if (m_inspector.busy())
            m_inspector.stop();
        else
            check();
    });
    connect(&m_inspector, &DataInspector::busyChanged, this, &DataCheckPanel::updateState);
    connect(&m_inspector, &DataInspector::progress, this,
        [this](double share) { m_progress->setValue(int(1000.0 * share)); });
    connect(&m_inspector, &DataInspector::inspected, this,
        [this](const QString& dataset, const std::shared_ptr<const DatasetFindings>& findings) {
            if (dataset == m_dataset)
                showFindings(*findings);
        });
    connect(&m_inspector, &DataInspector::inspectionFailed, this, [this](const QString& sentence) {
        m_error->setText(sentence);
        updateState();
    });
    m_result->hide();
    updateState();
}

QWidget* DataCheckPanel::makeResult()
{
    m_result = new QWidget;
    auto* counts = new QHBoxLayout;
    counts->setSpacing(kSpace);
    for (int i = 0; i < CountCount; ++i) {
        QFrame* card = makeCard();
        m_cards[i] = card;
        card->setToolTip(tr(kTips[i]));
        auto* layout = new QVBoxLayout(card);
        layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace);
        layout->setSpacing(0);
        m_counts[i] = new QLabel;
        setRole(m_counts[i], "value");
        m_counts[i]->setAccessibleName(tr(kCounts[i]));
        auto* caption = makeHint(tr(kCounts[i]));
        layout->addWidget(m_counts[i]);
        layout->addWidget(caption);
        counts->addWidget(card, 1);
    }
    m_histogram = new LengthHistogram;
    m_histogram->setAccessibleName(tr("Rows by length"));
    m_logX = new QCheckBox(tr("Log lengths"));
    m_lengths = makeHint({});
    m_lengths->setTextInteractionFlags(Qt::TextSelectableByMouse);
    connect(m_logX, &QCheckBox::toggled, m_histogram, &LengthHistogram::setLogX);
    QFrame* chart = makeCard();
    auto* chartLayout = new QVBoxLayout(chart);
    chartLayout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace);
    chartLayout->addWidget(m_histogram, 1);
    auto* foot = new QHBoxLayout;
    foot->addWidget(m_lengths, 1);
    foot->addWidget(m_logX, 0, Qt::AlignTop);
    chartLayout->addLayout(foot);

    m_findings = new FindingTableModel(this);
    m_table = new QTableView;
    m_table->setAccessibleName(tr("What was found"));
    m_table->setModel(m_findings);
    setTableLook(m_table);
    m_table->setAccessibleName(tr("Rows that stand out"));
    m_table->setToolTip(tr("Enter or a double click shows the row"));
    m_table->horizontalHeader()->resizeSection(FindingTableModel::Kind, 130);
    m_table->horizontalHeader()->resizeSection(FindingTableModel::Row, 88);
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { Q_EMIT rowChosen(m_findings->rowNumber(index.row())); });
    m_clean = makeHint(tr("Nothing stands out."));
    m_clean->setAlignment(Qt::AlignCenter);

    auto* lower = new QHBoxLayout;
    lower->setSpacing(2 * kSpace);
    lower->addWidget(chart, 3);
    lower->addWidget(m_table, 2);
    lower->addWidget(m_clean, 2);
    auto* layout = new QVBoxLayout(m_result);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addLayout(counts);
    layout->addLayout(lower, 1);
    return m_result;
}

void DataCheckPanel::refresh()
{
    m_model->setItems(modelItems(m_project));
    std::vector<PickerItem> others;
    for (const PickerItem& item : datasetItems(m_project))
        if (item.value != m_dataset)
            others.push_back(item);
    m_against->setItems(others);
}

void DataCheckPanel::setDataset(const QString& name)
{
    if (name == m_dataset)
        return;
    m_inspector.stop();
    m_dataset = name;
    m_result->hide();
    m_error->clear();
    refresh();
    updateState();
}

void DataCheckPanel::check()
{
    if (m_dataset.isEmpty())
        return;
    m_error->clear();
    m_progress->setValue(0);
    std::string folder;
    if (const auto model = m_project.model(m_model->value().toStdString()))
        folder = (m_project.folder() / model->folder).string(); // an absolute folder replaces the project's
    m_inspector.inspect(m_dataset.toStdString(), folder, m_against->value().toStdString());
}

void DataCheckPanel::showFindings(const DatasetFindings& findings)
{
    const bool pairs = !findings.rejectedLengths.empty();
    const std::int64_t values[] {findings.rows, findings.distinctPrompts, findings.conflicts, findings.leaks,
        findings.identicalResponses, findings.duplicates};
    for (int i = 0; i < Longer; ++i)
        m_counts[i]->setText(formatCount(values[i]));
    const std::int64_t decided = findings.longerChosen + findings.longerRejected;
    m_counts[Longer]->setText(
        decided > 0 ? formatShare(double(findings.longerChosen) / double(decided)) : QStringLiteral("–"));
    for (const Count count : {Conflicts, Identical, Longer})
        m_cards[count]->setVisible(pairs);
    m_cards[Leaks]->setVisible(!findings.against.empty());

    const QString unit = findings.inTokens ? tr("tokens") : tr("characters");
    std::vector<LengthHistogram::Series> series {{LengthHistogram::Part::Prompt, tr("prompt"), findings.promptLengths}};
    if (!findings.chosenLengths.empty())
        series.push_back(
            {LengthHistogram::Part::Chosen, pairs ? tr("chosen") : tr("response"), findings.chosenLengths});
    if (pairs)
        series.push_back({LengthHistogram::Part::Rejected, tr("rejected"), findings.rejectedLengths});
    QStringList lines;
    std::int64_t total = 0, unknown = 0;
    for (const auto& one : series) {
        const LengthSummary s = summarise(one.lengths);
        total += s.total;
        unknown = std::max(unknown, std::int64_t(one.lengths.size()) - s.count);
        lines << tr("%1: median %2, 95 % up to %3, longest %4")
                     .arg(one.label, formatCount(s.median), formatCount(s.p95), formatCount(s.longest));
    }
    lines << tr("%1 %2 in all").arg(formatCount(total), unit);
    if (unknown > 0)
        lines << tr("%1 rows are refused by the chat template of the model").arg(formatCount(unknown));
    m_lengths->setText(lines.join(QStringLiteral("\n")));
    m_histogram->setSeries(std::move(series), unit);
    m_findings->setFindings(findings);
    m_table->setVisible(m_findings->rowCount() > 0);
    m_clean->setVisible(m_findings->rowCount() == 0);
    m_result->show();
    updateState();
}

void DataCheckPanel::updateState()
{
    const bool busy = m_inspector.busy();
    m_check->setText(busy ? tr("Stop") : tr("Check"));
    m_check->setEnabled(!m_dataset.isEmpty());
    m_progress->setVisible(busy);
    m_error->setVisible(!m_error->text().isEmpty());
    m_hint->setVisible(m_result->isHidden());
}

} // namespace mpo
