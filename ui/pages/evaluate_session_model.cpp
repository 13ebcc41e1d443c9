// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_session_model.h"

#include "ui/format.h"
#include "ui/pages/evaluate_result.h"
#include "ui/style.h"

#include <QColor>

#include <algorithm>

namespace mpo {

void EvaluateSessionModel::setRows(std::vector<EvaluationRow> rows, std::map<std::int64_t, QString> annotators)
{
    std::sort(rows.begin(), rows.end(), [](const EvaluationRow& a, const EvaluationRow& b) { return a.id > b.id; });
    beginResetModel();
    m_rows = std::move(rows);
    m_annotators = std::move(annotators);
    endResetModel();
}

int EvaluateSessionModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int EvaluateSessionModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant EvaluateSessionModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const EvaluationRow& shown = row(index.row());
    if (role == Qt::ForegroundRole && index.column() == Models && !shown.closed)
        return colours().muted;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Name:
        return blindName(shown);
    case Progress:
        return shown.closed ? tr("Closed, %1 of %2").arg(formatCount(shown.judged), formatCount(shown.items))
                            : tr("%1 of %2 judged").arg(formatCount(shown.judged), formatCount(shown.items));
    case Annotators:
        if (const auto found = m_annotators.find(shown.id); found != m_annotators.end())
            return found->second;
        return {};
    case Models:
        if (!shown.closed)
            return tr("Hidden until closed");
        return tr("%1 against %2").arg(sourceNames(shown).a, sourceNames(shown).b);
    case Created:
        return formatTime(shown.created);
    default:
        return {};
    }
}

QVariant EvaluateSessionModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Session");
    case Progress:
        return tr("Progress");
    case Annotators:
        return tr("Annotators");
    case Models:
        return tr("Models");
    case Created:
        return tr("Created");
    default:
        return {};
    }
}

} // namespace mpo
