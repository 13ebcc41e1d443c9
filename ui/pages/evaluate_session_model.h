// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QAbstractTableModel>

#include <map>
#include <vector>

namespace mpo {

/// Evaluation sessions, newest first. Models are named only for closed ones.
class EvaluateSessionModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Progress, Annotators, Models, Created, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    /// `annotators`: who has judged, by session.
    void setRows(std::vector<EvaluationRow> rows, std::map<std::int64_t, QString> annotators = {});
    const EvaluationRow& row(int number) const { return m_rows[std::size_t(number)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<EvaluationRow> m_rows;
    std::map<std::int64_t, QString> m_annotators;
};

} // namespace mpo
