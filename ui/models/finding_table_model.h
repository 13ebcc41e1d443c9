// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset_check.h"

#include <QAbstractTableModel>

#include <vector>

namespace mpo {

/// Rows of a data set that stand out: what each is, and the row it belongs to. Conflicts first.
class FindingTableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Kind, Row, Other, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setFindings(const DatasetFindings& findings);
    std::int64_t rowNumber(int row) const { return m_rows[std::size_t(row)].number; } ///< in the data set, from 0

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    enum class What { Conflict, Leak, Identical, Duplicate };
    struct Entry
    {
        What what = What::Conflict;
        std::int64_t number = 0, other = -1;
    };

    static QString nameOf(What what);

    std::vector<Entry> m_rows;
    QString m_against;
};

} // namespace mpo
