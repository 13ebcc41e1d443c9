// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/report_table.h"

#include "core/evaluation/html_report.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QHeaderView>
#include <QTableWidget>

#include <algorithm>

namespace mpo {

QTableWidget* makeReportTable(const QString& accessibleName)
{
    auto* widget = new QTableWidget;
    widget->setAccessibleName(accessibleName);
    setTableLook(widget);
    widget->setEditTriggers(QAbstractItemView::NoEditTriggers);
    widget->setSelectionMode(QAbstractItemView::NoSelection);
    widget->setFocusPolicy(Qt::NoFocus);
    widget->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    widget->verticalHeader()->hide();
    return widget;
}

void showReportTable(QTableWidget* widget, const ReportTable& table)
{
    std::size_t columns = table.header.size();
    for (const auto& row : table.rows)
        columns = std::max(columns, row.size());
    widget->clear();
    widget->setRowCount(int(table.rows.size()));
    widget->setColumnCount(int(columns));
    widget->horizontalHeader()->setVisible(!table.header.empty());
    const std::vector<bool> numbers = numberColumns(table);
    const auto cellOf = [&](const std::vector<std::string>& row, std::size_t column) {
        auto* cell = new QTableWidgetItem(column < row.size() ? toQString(row[column]) : QString());
        cell->setTextAlignment((numbers[column] ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        return cell;
    };
    for (std::size_t column = 0; column < columns; ++column) {
        if (!table.header.empty())
            widget->setHorizontalHeaderItem(int(column), cellOf(table.header, column));
        for (std::size_t row = 0; row < table.rows.size(); ++row)
            widget->setItem(int(row), int(column), cellOf(table.rows[row], column));
    }
    widget->horizontalHeader()->setStretchLastSection(false); // else the last one keeps its width
    widget->resizeColumnsToContents();
    widget->horizontalHeader()->setStretchLastSection(numbers.empty() || !numbers.back()); // numbers stay near
    int height
        = 2 * widget->frameWidth() + (table.header.empty() ? 0 : widget->horizontalHeader()->sizeHint().height());
    for (int row = 0; row < widget->rowCount(); ++row)
        height += widget->rowHeight(row);
    widget->setFixedHeight(height);
    widget->setVisible(!table.rows.empty());
}

} // namespace mpo
