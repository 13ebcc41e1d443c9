// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/finding_table_model.h"

#include "ui/format.h"
#include "ui/style.h"

#include <array>

namespace mpo {

void FindingTableModel::setFindings(const DatasetFindings& findings)
{
    beginResetModel();
    m_rows.clear();
    m_against = toQString(findings.against);
    for (const RowPair& pair : findings.conflictRows)
        m_rows.push_back({What::Conflict, pair.second, pair.first});
    for (const RowPair& pair : findings.leakRows)
        m_rows.push_back({What::Leak, pair.first, pair.second});
    for (const std::int64_t row : findings.identicalRows)
        m_rows.push_back({What::Identical, row, -1});
    for (const RowPair& pair : findings.duplicateRows)
        m_rows.push_back({What::Duplicate, pair.second, pair.first});
    endResetModel();
}

int FindingTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_rows.size()); }

int FindingTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString FindingTableModel::nameOf(What what)
{
    switch (what) {
    case What::Conflict:
        return tr("opposite labels");
    case What::Leak:
        return tr("prompt in both");
    case What::Identical:
        return tr("identical responses");
    case What::Duplicate:
        return tr("duplicate");
    }
    return {};
}

QVariant FindingTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Entry& entry = m_rows[std::size_t(index.row())];
    if (role == Qt::ForegroundRole && index.column() == Kind)
        return entry.what == What::Conflict || entry.what == What::Leak ? colours().bad : colours().warning;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Kind:
        return nameOf(entry.what);
    case Row:
        return tr("row %1").arg(formatCount(entry.number + 1));
    default:
        return entry.other < 0         ? QStringLiteral("–")
            : entry.what == What::Leak ? tr("row %1 of %2").arg(formatCount(entry.other + 1), m_against)
                                       : tr("row %1").arg(formatCount(entry.other + 1));
    }
}

QVariant FindingTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    static const std::array<const char*, ColumnCount> titles {"What", "Row", "Belongs to"};
    return tr(titles[std::size_t(section)]);
}

} // namespace mpo
