// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/data_import_panel.h"

#include "core/engine/catalogue.h"
#include "core/support/error.h"
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/pair_view.h"
#include "ui/style.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

namespace {

constexpr int kMappingWidth = 380;
constexpr std::size_t kIssuesShown = 4;

struct FieldText
{
    const char* field;
    const char* title;
};
/// Our fields, in the order of the table. "completion" stands for the response of a row without preference.
constexpr FieldText kFields[] {{"prompt", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Prompt")},
    {"chosen", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Chosen")},
    {"rejected", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Rejected")},
    {"completion", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Response")},
    {"margin", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Margin")},
    {"confidence", QT_TRANSLATE_NOOP("mpo::DataImportPanel", "Confidence")}};

bool isShown(const std::string& field, DatasetKind kind)
{
    if (field == "prompt")
        return true;
    return field == "completion" ? kind == DatasetKind::Completions : kind == DatasetKind::Pairs;
}

QString kindText(DatasetKind kind)
{
    switch (kind) {
    case DatasetKind::Pairs:
        return DataImportPanel::tr("preference pairs");
    case DatasetKind::Completions:
        return DataImportPanel::tr("prompts with one response, for SFT");
    case DatasetKind::Prompts:
        return DataImportPanel::tr("prompts without responses");
    }
    return {};
}

} // namespace

DataImportPanel::DataImportPanel(QWidget* parent)
    : QWidget(parent)
{
    m_title = makeHeading({});
    m_found = makeHint({});
    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(m_title);
    titles->addWidget(m_found);
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancelImport"));
    m_import = new QPushButton(tr("Import"));
    m_import->setObjectName(QStringLiteral("startImport"));
    setRole(m_import, "primary");
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addLayout(titles, 1);
    head->addWidget(cancel);
    head->addWidget(m_import);

    QFrame* card = makeCard();
    card->setFixedWidth(kMappingWidth);
    auto* grid = new QGridLayout(card);
    grid->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    grid->setHorizontalSpacing(2 * kSpace);
    grid->setVerticalSpacing(kSpace);
    grid->setColumnStretch(1, 1);
    auto addRow = [grid, row = 0](QLabel* title, QWidget* control) mutable {
        grid->addWidget(title, row, 0);
        grid->addWidget(control, row++, 1);
        title->setBuddy(control);
    };
    m_splitTitle = new QLabel(tr("Split"));
    m_split = new FormComboBox;
    m_split->setObjectName(QStringLiteral("importSplit"));
    addRow(m_splitTitle, m_split);
    m_format = new FormComboBox;
    m_format->setObjectName(QStringLiteral("importFormat"));
    m_format->addItem(tr("Detect"), QString());
    for (const CatalogueEntry& format : knownFormats()) {
        m_format->addItem(toQString(format.name), toQString(format.name));
        m_format->setItemData(m_format->count() - 1, toQString(format.description), Qt::ToolTipRole);
    }
    addRow(new QLabel(tr("Format")), m_format);
    addRow(makeHint(tr("Field")), makeHint(tr("Column of the file")));
    for (const FieldText& text : kFields) {
        FieldRow row {text.field, new QLabel(tr(text.title)), new FormComboBox};
        row.column->setObjectName(QLatin1String("column-") + QLatin1String(text.field));
        row.column->setAccessibleName(tr("Column for %1").arg(tr(text.title)));
        addRow(row.title, row.column);
        connect(row.column, &QComboBox::activated, this, [this] {
            // A map of columns is read by our own names for fields, whatever layout the file had.
            const QSignalBlocker blocker(m_format);
            m_format->setCurrentIndex(0);
            look();
        });
        m_fields.push_back(row);
    }
    m_problem = new QLabel;
    m_problem->setObjectName(QStringLiteral("importProblem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    setRole(m_problem, "warning");

    auto* left = new QVBoxLayout;
    left->setSpacing(kSpace);
    left->addWidget(card);
    left->addWidget(m_problem);
    left->addStretch(1);

    m_view = new PairView;
    m_place = makeHint({});
    m_place->setWordWrap(false);
    m_previous = new QPushButton(tr("Previous"));
    m_next = new QPushButton(tr("Next"));
    setRole(m_previous, "quiet");
    setRole(m_next, "quiet");
    auto* steps = new QHBoxLayout;
    steps->addWidget(m_place, 1);
    steps->addWidget(m_previous);
    steps->addWidget(m_next);
    auto* right = new QVBoxLayout;
    right->setSpacing(kSpace);
    right->addLayout(steps);
    right->addWidget(m_view, 1);

    auto* columns = new QHBoxLayout;
    columns->setSpacing(2 * kSpace);
    columns->addLayout(left);
    columns->addLayout(right, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addLayout(columns, 1);

    connect(cancel, &QPushButton::clicked, this, &DataImportPanel::cancelled);
    connect(m_import, &QPushButton::clicked, this, [this] {
        ImportDataset command {m_file.toStdString(), options()};
        command.options.split = m_split->currentData().toString().toStdString();
        Q_EMIT accepted(command);
    });
    connect(m_split, &QComboBox::activated, this, &DataImportPanel::look);
    connect(m_format, &QComboBox::activated, this, [this] {
        for (const FieldRow& row : m_fields)
            row.column->setCurrentIndex(0);
        look();
    });
    for (const auto& [button, step] : {std::pair {m_previous, -1}, std::pair {m_next, 1}})
        connect(button, &QPushButton::clicked, this, [this, step = step] {
            m_shown = std::size_t(std::clamp<std::ptrdiff_t>(
                std::ptrdiff_t(m_shown) + step, 0, std::ptrdiff_t(m_preview.pairs.size()) - 1));
            showPair();
        });
}

void DataImportPanel::open(const QString& fileOrFolder)
{
    m_sources = findDataSources(fileOrFolder.toStdString());
    m_file = fileOrFolder;
    m_title->setText(tr("Import %1").arg(QFileInfo(fileOrFolder).fileName()));
    m_split->clear();
    const bool several = m_sources.size() > 1;
    if (several)
        m_split->addItem(tr("All, each as a data set"), QString());
    for (const DataSource& source : m_sources)
        m_split->addItem(toQString(source.split), several ? toQString(source.split) : QString());
    m_split->setVisible(several);
    m_splitTitle->setVisible(several);
    m_format->setCurrentIndex(0);
    for (const FieldRow& row : m_fields)
        row.column->clear();
    m_preview = read();
    showPreview(m_preview);
    if (m_preview.format.empty() && !m_preview.columns.empty()) {
        // Columns whose names tell what they are fill the table at once; the user sees and corrects it.
        for (const auto& [field, column] : guessedColumns(m_preview.columns))
            for (const FieldRow& row : m_fields)
                if (field == row.field)
                    row.column->setCurrentIndex(std::max(0, row.column->findData(toQString(column))));
        look();
    }
}

ImportOptions DataImportPanel::options() const
{
    ImportOptions options;
    options.inWindow = true;
    options.format = m_format->currentData().toString().toStdString();
    for (const FieldRow& row : m_fields)
        if (const QString column = row.column->currentData().toString(); !column.isEmpty() && !row.column->isHidden())
            options.columns[row.field] = column.toStdString();
    return options;
}

ImportPreview DataImportPanel::read() const
{
    const auto chosen
        = std::ranges::find(m_sources, m_split->currentData().toString().toStdString(), &DataSource::split);
    return previewImport(chosen == m_sources.end() ? m_sources.front() : *chosen, options());
}

void DataImportPanel::look()
{
    try {
        m_preview = read();
    } catch (const std::exception& error) { // the file has changed since it was opened
        m_preview = {};
        m_preview.problem = error.what();
    }
    showPreview(m_preview);
}

void DataImportPanel::showPreview(const ImportPreview& preview)
{
    m_found->setText(preview.format.empty()
            ? tr("No known layout was found: choose the columns.")
            : tr("Read as %1: %2.").arg(toQString(preview.format), kindText(preview.kind)));
    fillColumns(preview);
    QString problem = toQString(preview.problem);
    if (problem.isEmpty() && !preview.issues.empty()) {
        problem = tr("Of the first %1 records %2 cannot be used:")
                      .arg(formatCount(preview.records), formatCount(qint64(preview.issues.size())));
        for (std::size_t i = 0; i < std::min(kIssuesShown, preview.issues.size()); ++i)
            problem
                += tr("\nline %1: %2").arg(formatCount(preview.issues[i].line), toQString(preview.issues[i].reason));
    }
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_import->setEnabled(!preview.pairs.empty());
    m_shown = 0;
    showPair();
}

void DataImportPanel::fillColumns(const ImportPreview& preview)
{
    for (const FieldRow& row : m_fields) {
        const bool shown = isShown(row.field, preview.kind);
        row.title->setVisible(shown);
        row.column->setVisible(shown);
        const QString before = row.column->currentData().toString();
        row.column->clear();
        const std::string name = row.field == std::string("completion") ? "response" : row.field;
        const auto source = std::ranges::find(preview.mapping, name, &FieldSource::field);
        // A column that was chosen stands for itself; what the format reads is offered first.
        const bool read = source != preview.mapping.end() && toQString(source->from) != before;
        row.column->addItem(read ? toQString(source->from) : tr("(none)"), QString());
        row.column->setItemData(0, row.column->itemText(0), Qt::ToolTipRole);
        for (const std::string& column : preview.columns)
            row.column->addItem(toQString(column), toQString(column));
        row.column->setCurrentIndex(before.isEmpty() ? 0 : std::max(0, row.column->findData(before)));
    }
}

void DataImportPanel::showPair()
{
    const std::size_t count = m_preview.pairs.size();
    m_previous->setEnabled(m_shown > 0);
    m_next->setEnabled(m_shown + 1 < count);
    m_place->setText(
        count == 0 ? QString() : tr("As it would come in: %1 of the first %2").arg(m_shown + 1).arg(count));
    if (count == 0)
        m_view->clear(tr("Nothing to show yet."));
    else
        m_view->setPair(m_preview.pairs[m_shown]);
}

} // namespace mpo
