// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/settings_table_model.h"

#include "ui/format.h"
#include "ui/style.h"

#include <algorithm>

namespace mpo {

void SettingsTableModel::setRuns(const QStringList& titles, const std::vector<Json>& configs)
{
    beginResetModel();
    m_titles = titles;
    m_settings = compareSettings(configs);
    endResetModel();
}

void SettingsTableModel::setOnlyDifferences(bool on)
{
    beginResetModel();
    m_onlyDifferences = on;
    endResetModel();
}

int SettingsTableModel::differences() const
{
    return int(std::count_if(m_settings.begin(), m_settings.end(), [](const auto& one) { return one.differs; }));
}

QString SettingsTableModel::asText() const
{
    QString text = tr("Setting") + QLatin1Char('\t') + m_titles.join(QLatin1Char('\t')) + QLatin1Char('\n');
    for (int row = 0; row < rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < columnCount(); ++column)
            cells << index(row, column).data().toString();
        text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return text;
}

int SettingsTableModel::rowCount(const QModelIndex& parent) const
{
    if (parent.isValid())
        return 0;
    return m_onlyDifferences && m_titles.size() > 1 ? differences() : int(m_settings.size()); // they stand first
}

int SettingsTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_titles.size()) + 1;
}

QVariant SettingsTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const ComparedSetting& setting = m_settings[std::size_t(index.row())];
    if (role == Qt::ForegroundRole)
        return index.column() == 0 ? (setting.differs ? colours().accent : colours().muted) : QVariant();
    if (role == Qt::AccessibleTextRole && index.column() == 0 && setting.differs)
        return tr("%1, differs").arg(toQString(setting.name));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    if (index.column() == 0)
        return toQString(setting.name);
    const std::string& value = setting.values[std::size_t(index.column() - 1)];
    return value.empty() ? QStringLiteral("–") : toQString(value);
}

QVariant SettingsTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    return section == 0 ? tr("Setting") : m_titles.value(section - 1);
}

} // namespace mpo
