// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_filter_model.h"

#include "ui/models/run_table_model.h"

namespace mpo {

RunFilterModel::RunFilterModel(QObject* parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(RunTableModel::kSortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void RunFilterModel::setSearch(const QString& text)
{
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool RunFilterModel::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    return parent.isValid() || static_cast<const RunTableModel*>(sourceModel())->matches(row, m_words);
}

} // namespace mpo
