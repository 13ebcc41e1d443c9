// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>
#include <QStringList>

namespace mpo {

/// The runs that hold every word of a search, in the order of the column that was clicked.
class RunFilterModel : public QSortFilterProxyModel
{
    Q_OBJECT
public:
    /// REQUIRES: the source model is a RunTableModel.
    explicit RunFilterModel(QObject* parent = nullptr);

    void setSearch(const QString& text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QStringList m_words;
};

} // namespace mpo
