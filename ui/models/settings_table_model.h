// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/settings_comparison.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <vector>

namespace mpo {

/// Settings of one or several runs, a column for each run; those that differ first, and marked.
class SettingsTableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(const QStringList& titles, const std::vector<Json>& configs);
    void setOnlyDifferences(bool on); ///< without effect for one run
    int differences() const;
    QString asText() const; ///< separated by tabs, for the clipboard

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QStringList m_titles;
    std::vector<ComparedSetting> m_settings;
    bool m_onlyDifferences = false;
};

} // namespace mpo
