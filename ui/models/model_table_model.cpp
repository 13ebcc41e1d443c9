// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_table_model.h"

#include "ui/format.h"
#include "ui/models/adapter_note.h"

#include <algorithm>
#include <array>

namespace mpo {

void ModelTableModel::setModels(std::vector<ModelRow> models, const std::filesystem::path& project)
{
    beginResetModel();
    m_models = std::move(models);
    std::stable_sort(
        m_models.begin(), m_models.end(), [](const ModelRow& a, const ModelRow& b) { return a.id > b.id; });
    m_adapters.clear();
    for (const ModelRow& model : m_models)
        m_adapters.push_back(project.empty() ? QString() : adapterNote(project / model.folder));
    endResetModel();
}

int ModelTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_models.size()); }

int ModelTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant ModelTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const QString& adapter = m_adapters[std::size_t(index.row())];
    if (role == Qt::ToolTipRole && index.column() == Kind && !adapter.isEmpty())
        return adapter;
    if (role != Qt::DisplayRole)
        return {};
    const ModelRow& row = m_models[std::size_t(index.row())];
    switch (index.column()) {
    case Name:
        return toQString(row.name);
    case Kind:
        return (row.kind == "reward" ? tr("reward model") : tr("language model"))
            + (adapter.isEmpty() ? QString() : tr(" · LoRA"));
    case Family:
        return toQString(row.family);
    case Parameters:
        return formatLargeCount(double(row.parameters));
    case Run:
        return row.run                                        ? tr("run %1").arg(*row.run)
            : std::filesystem::path(row.folder).is_absolute() ? tr("linked")
                                                              : tr("imported");
    case Parent:
        return row.parent ? toQString(*row.parent) : QStringLiteral("–");
    default:
        return formatTime(row.created);
    }
}

QVariant ModelTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    static const std::array<const char*, ColumnCount> titles {
        "Name", "Kind", "Family", "Parameters", "Made by", "Trained from", "Created"};
    return tr(titles[std::size_t(section)]);
}

} // namespace mpo
