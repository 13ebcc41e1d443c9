// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QAbstractTableModel>

#include <vector>

namespace mpo {

/// The models of a project with their lineage, newest first.
class ModelTableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Kind, Family, Parameters, Run, Parent, Created, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    /// `project`: where their folders lie; empty: adapters are not told from whole models.
    void setModels(std::vector<ModelRow> models, const std::filesystem::path& project = {});
    const ModelRow& model(int row) const { return m_models[std::size_t(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<ModelRow> m_models;
    std::vector<QString> m_adapters; ///< what kind of adapter each is; empty: none
};

} // namespace mpo
