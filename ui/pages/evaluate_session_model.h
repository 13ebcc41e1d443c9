// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QAbstractTableModel>

#include <vector>

namespace mpo {

/// Evaluation sessions, newest first. Models are named only for closed ones.
class EvaluateSessionModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Progress, Models, Created, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setRows(std::vector<EvaluationRow> rows);
    const EvaluationRow& row(int number) const { return m_rows[std::size_t(number)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<EvaluationRow> m_rows;
};

} // namespace mpo
