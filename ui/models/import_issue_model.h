// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/import_report.h"

#include <QAbstractTableModel>

namespace mpo {

/// What an import left out, line by line, with the reason.
class ImportIssueModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Line, Kind, Reason, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setIssues(std::vector<ImportIssue> issues);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<ImportIssue> m_issues;
};

} // namespace mpo
