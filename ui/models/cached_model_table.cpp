// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/cached_model_table.h"

#include "core/engine/catalogue.h"
#include "core/hub/hub_paths.h"
#include "ui/format.h"

#include <QDateTime>

#include <array>

namespace mpo {

void CachedModelTable::setModels(const std::vector<CachedModel>& models, std::set<std::string> inProject)
{
    beginResetModel();
    m_families.clear();
    for (const CatalogueEntry& family : knownFamilies())
        m_families.insert(family.name);
    m_inProject = std::move(inProject);
    m_rows.clear();
    for (const CachedModel& model : models) {
        for (std::size_t i = 0; i < model.revisions.size(); ++i)
            m_rows.push_back({model.repository, model.lastUsed, model.revisions[i], i == 0});
        if (model.revisions.empty()) {
            CachedRevision none;
            none.bytes = model.bytes;
            none.problem = model.problem;
            m_rows.push_back({model.repository, model.lastUsed, none, true});
        }
    }
    endResetModel();
}

bool CachedModelTable::supported(const Row& row) const { return m_families.contains(row.revision.modelType); }

CachedModelTable::Offer CachedModelTable::offer(int row) const
{
    const Row& at = m_rows[std::size_t(row)];
    if (!at.revision.complete())
        return isRepositoryName(at.repository) ? Offer::Fetch : Offer::None;
    return supported(at) && !m_inProject.contains(at.revision.folder.string()) ? Offer::Add : Offer::None;
}

QString CachedModelTable::repository(int row) const { return toQString(m_rows[std::size_t(row)].repository); }

QString CachedModelTable::name(int row) const
{
    const Row& at = m_rows[std::size_t(row)];
    if (at.first || at.revision.commit.empty())
        return toQString(at.repository);
    const auto& refs = at.revision.refs;
    return toQString(at.repository + "@" + (refs.empty() ? at.revision.commit : refs.front()));
}

QString CachedModelTable::stateOf(const Row& row) const
{
    if (!row.revision.complete())
        return toQString(row.revision.problem);
    if (m_inProject.contains(row.revision.folder.string()))
        return tr("in the project");
    return supported(row) ? tr("complete") : tr("family not supported");
}

int CachedModelTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_rows.size()); }

int CachedModelTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant CachedModelTable::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows[std::size_t(index.row())];
    if (role == Qt::ToolTipRole)
        return index.column() == State ? stateOf(row)
            : index.column() == Name   ? formatFolder(toQString(row.revision.folder.string()))
                                       : QVariant();
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Name: {
        QString text = name(index.row());
        if (const auto at = text.indexOf(QLatin1Char('@')); at >= 0 && text.size() - at > 40) // a commit
            text.truncate(at + 9);
        return text;
    }
    case Family:
        return row.revision.modelType.empty() ? QStringLiteral("–") : toQString(row.revision.modelType);
    case Size:
        return toQString(bytesText(row.revision.bytes));
    case LastUsed:
        return row.lastUsed == 0
            ? QStringLiteral("–")
            : formatTime(QDateTime::fromSecsSinceEpoch(row.lastUsed, Qt::UTC).toString(Qt::ISODate).toStdString());
    case State:
        return stateOf(row);
    default:
        return {};
    }
}

QVariant CachedModelTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    static const std::array<const char*, ColumnCount> titles {"Name", "Family", "Size", "Last used", "State", ""};
    return tr(titles[std::size_t(section)]);
}

} // namespace mpo
