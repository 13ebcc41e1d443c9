// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QAbstractTableModel>
#include <QHash>

#include <optional>
#include <vector>

namespace mpo {

/// The runs of a project, newest first.
class RunTableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Id, Stage, Name, State, Steps, Started, Duration, Result, Tags, Disk, ColumnCount };
    static constexpr int kSortRole = Qt::UserRole + 1; ///< a number where the column shows one
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(const Project* project, std::vector<RunRow> runs);
    const RunRow& run(int row) const { return m_runs[std::size_t(row)]; }
    void setProgress(std::int64_t run, std::int64_t step, std::int64_t total); ///< of a run that is running
    void setTags(std::int64_t run, const std::vector<std::string>& tags);
    void setNote(std::int64_t run, const std::string& note);
    void setDiskUse(std::int64_t run, std::uint64_t bytes); ///< kept while runs are read again
    std::optional<std::uint64_t> diskUse(std::int64_t run) const;
    int rowOf(std::int64_t run) const; ///< -1: not there
    /// Whether each word of `words` stands in its number, stage, name, state, tags, note or settings.
    bool matches(int row, const QStringList& words) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QVariant sortValue(const RunRow& row, int column) const;
    void changed(int row);
    QString result(const RunRow& run) const; ///< last value of the metric that the stage is judged by

    const Project* m_project = nullptr;
    std::vector<RunRow> m_runs;
    mutable QHash<QPair<qint64, qint64>, QString> m_results; ///< by run and its steps
    QHash<qint64, quint64> m_diskUse;
};

} // namespace mpo
