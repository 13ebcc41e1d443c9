// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "ui/models/pair_search.h"

#include <QAbstractTableModel>
#include <QCache>

#include <cstdint>
#include <vector>

namespace mpo {

class Project;

/// The pairs of a data set, read from the store in pages of 200 when they come into view. A search goes through the
/// data set in small portions between events, so that the window stays live; its finds appear as they come.
class PairTableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Number, Prompt, Lengths, ColumnCount };
    static constexpr std::int64_t kPage = 200;

    explicit PairTableModel(QObject* parent = nullptr);

    void setDataset(const Project* project, const QString& dataset); ///< nullptr: empty
    void setSearch(const QString& text); ///< anywhere in prompt or responses, upper and lower case alike
    bool searching() const { return m_finder.active(); }

    std::int64_t pairNumber(int row) const; ///< from 0, in the data set
    PreferencePair pair(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void searchProgress(qint64 looked, qint64 total); ///< looked == total: finished

private:
    const PreferencePair* load(std::int64_t number) const;

    const Project* m_project = nullptr;
    QString m_dataset, m_search;
    std::int64_t m_total = 0;
    std::vector<std::int64_t> m_found;
    PairSearch m_finder;
    mutable QCache<qint64, std::vector<PreferencePair>> m_pages;
};

} // namespace mpo
