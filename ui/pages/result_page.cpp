// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/result_page.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QDesktopServices>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QUrl>
#include <QVBoxLayout>

namespace mpo {

ResultPage::ResultPage(QWidget* parent)
    : QWidget(parent)
    , m_table(new QTableWidget(this))
    , m_folder(makeHint({}, this))
{
    setTableLook(m_table);
    m_table->verticalHeader()->setDefaultSectionSize(5 * kSpace);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setFocusPolicy(Qt::NoFocus);
    auto* open = new QPushButton(tr("Open the report"), this);
    open->setToolTip(tr("Shows index.html of the report in the web browser"));
    setRole(open, "primary");
    auto* runs = new QPushButton(tr("Look at the runs"), this);

    auto* titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(makeTitle(tr("Result"), this));
    titles->addWidget(m_folder);
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addLayout(titles, 1);
    head->addWidget(runs);
    head->addWidget(open);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(2 * kSpace);
    layout->addLayout(head);
    layout->addWidget(m_table);
    layout->addStretch(1);
    connect(open, &QPushButton::clicked, this, [this] {
        QDesktopServices::openUrl(QUrl::fromLocalFile(m_folder->toolTip() + QStringLiteral("/index.html")));
    });
    connect(runs, &QPushButton::clicked, this, &ResultPage::runsRequested);
}

void ResultPage::showReport(const ReportWritten& report)
{
    const QString folder = QString::fromStdString(report.folder.string());
    m_folder->setText(tr("Report in %1").arg(formatFolder(folder)));
    m_folder->setToolTip(folder);
    m_table->clear();
    if (report.table.empty())
        return;
    m_table->setRowCount(int(report.table.size()) - 1);
    m_table->setColumnCount(int(report.table.front().size()));
    for (int row = 0; row < int(report.table.size()); ++row) {
        const std::vector<std::string>& cells = report.table[std::size_t(row)];
        for (int column = 0; column < std::min(int(cells.size()), m_table->columnCount()); ++column) {
            auto* item = new QTableWidgetItem(toQString(cells[std::size_t(column)]));
            if (row == 0)
                m_table->setHorizontalHeaderItem(column, item);
            else
                m_table->setItem(row - 1, column, item);
        }
    }
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_table->setFixedHeight(m_table->horizontalHeader()->sizeHint().height() + m_table->rowCount() * 5 * kSpace + 2);
}

} // namespace mpo
