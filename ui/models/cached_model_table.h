// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hub/hub_cache.h"

#include <QAbstractTableModel>

#include <set>
#include <vector>

namespace mpo {

/// The Hugging Face cache: a row for each state of a model, or one for an entry that has none.
class CachedModelTable : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Family, Size, LastUsed, State, Action, ColumnCount };
    /// What the button of a row does.
    enum class Offer { Add, Fetch, None };
    using QAbstractTableModel::QAbstractTableModel;

    /// inProject: folders of models, or of what they were imported from.
    void setModels(const std::vector<CachedModel>& models, std::set<std::string> inProject);

    Offer offer(int row) const;
    QString name(int row) const; ///< "ORG/NAME", or "ORG/NAME@REVISION" where the first name means another state
    QString repository(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Row
    {
        std::string repository;
        std::int64_t lastUsed = 0;
        CachedRevision revision;
        bool first = true; ///< what ORG/NAME means
    };
    bool supported(const Row& row) const;
    QString stateOf(const Row& row) const;

    std::vector<Row> m_rows;
    std::set<std::string> m_inProject, m_families;
};

} // namespace mpo
