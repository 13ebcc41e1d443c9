// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/pair_table_model.h"

#include "core/data/pair_export.h"
#include "core/store/project.h"
#include "ui/format.h"

#include <limits>

namespace mpo {

namespace {

QString oneLine(const std::string& text)
{
    return toQString(std::string_view(text).substr(0, 400)).simplified().left(200);
}

qint64 lengthOf(const std::string& text, const TokenIds& ids)
{
    return text.empty() ? qint64(ids.size()) : toQString(text).size();
}

} // namespace

PairTableModel::PairTableModel(QObject* parent)
    : QAbstractTableModel(parent)
    , m_pages(16)
{
    connect(&m_finder, &PairSearch::progress, this,
        [this](const std::vector<std::int64_t>& found, qint64 looked, qint64 total) {
            if (!found.empty()) {
                beginInsertRows({}, int(m_found.size()), int(m_found.size() + found.size()) - 1);
                m_found.insert(m_found.end(), found.begin(), found.end());
                endInsertRows();
            }
            Q_EMIT searchProgress(looked, total);
        });
}

void PairTableModel::setDataset(const Project* project, const QString& dataset)
{
    beginResetModel();
    m_project = project;
    m_dataset = dataset;
    m_pages.clear();
    m_found.clear();
    m_total = 0;
    if (project)
        if (const auto row = project->dataset(dataset.toStdString()))
            m_total = row->pairs;
    endResetModel();
    setSearch(m_search);
}

void PairTableModel::setSearch(const QString& text)
{
    beginResetModel();
    m_search = text.trimmed();
    m_found.clear();
    endResetModel();
    if (m_search.isEmpty() || m_total == 0) {
        m_finder.stop();
        Q_EMIT searchProgress(m_total, m_total);
    } else {
        m_finder.start(*m_project, m_dataset.toStdString(), m_total, m_search);
    }
}

const PreferencePair* PairTableModel::load(std::int64_t number) const
{
    if (!m_project || number < 0 || number >= m_total)
        return nullptr;
    const qint64 page = number / kPage;
    std::vector<PreferencePair>* pairs = m_pages.object(page);
    if (!pairs) {
        pairs = new std::vector<PreferencePair>(m_project->pairs(m_dataset.toStdString(), page * kPage, kPage));
        m_pages.insert(page, pairs);
    }
    const auto index = std::size_t(number % kPage);
    return index < pairs->size() ? &(*pairs)[index] : nullptr;
}

std::int64_t PairTableModel::pairNumber(int row) const { return m_search.isEmpty() ? row : m_found[std::size_t(row)]; }

PreferencePair PairTableModel::pair(int row) const
{
    const PreferencePair* found = row >= 0 && row < rowCount() ? load(pairNumber(row)) : nullptr;
    return found ? *found : PreferencePair {};
}

int PairTableModel::rowCount(const QModelIndex& parent) const
{
    if (parent.isValid())
        return 0;
    const std::int64_t rows = m_search.isEmpty() ? m_total : std::int64_t(m_found.size());
    return int(std::min<std::int64_t>(rows, std::numeric_limits<int>::max()));
}

int PairTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant PairTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const std::int64_t number = pairNumber(index.row());
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter) | int(index.column() == Prompt ? Qt::AlignLeft : Qt::AlignRight);
    if (role == Qt::DisplayRole && index.column() == Number)
        return formatCount(number + 1);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    const PreferencePair* found = load(number);
    if (!found)
        return {};
    if (index.column() == Prompt) {
        if (role == Qt::ToolTipRole)
            return toQString(std::string_view(found->prompt).substr(0, 1000));
        return found->hasIds() && found->prompt.empty() ? tr("%1 token ids").arg(found->promptIds.size())
                                                        : oneLine(promptLine(found->prompt));
    }
    if (index.column() == Lengths && role == Qt::DisplayRole)
        return QStringLiteral("%1 / %2")
            .arg(lengthOf(found->chosen, found->chosenIds))
            .arg(lengthOf(found->rejected, found->rejectedIds));
    return {};
}

QVariant PairTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::ToolTipRole && section == Lengths)
        return tr("Length of the chosen and of the rejected response in characters (token ids: in tokens)");
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter) | int(section == Prompt ? Qt::AlignLeft : Qt::AlignRight);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Number:
        return tr("#");
    case Prompt:
        return tr("Prompt");
    default:
        return tr("Lengths");
    }
}

} // namespace mpo
