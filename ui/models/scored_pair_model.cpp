// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/scored_pair_model.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/split_data.h"
#include "ui/style.h"

#include <QColor>

#include <algorithm>

namespace mpo {

QString bucketTitle(Bucket bucket)
{
    switch (bucket) {
    case Bucket::Easy:
        return ScoredPairModel::tr("Easy");
    case Bucket::Hard:
        return ScoredPairModel::tr("Hard");
    case Bucket::Contradictory:
        return ScoredPairModel::tr("Contradictory");
    }
    return {};
}

QColor bucketColour(Bucket bucket)
{
    const Colours& c = colours();
    return bucket == Bucket::Easy ? c.easy : bucket == Bucket::Hard ? c.hard : c.contradictory;
}

ScoredPairModel::ScoredPairModel(const Project& project, QObject* parent)
    : QAbstractTableModel(parent)
    , m_project(project)
{
}

void ScoredPairModel::setData(std::shared_ptr<const SplitData> data)
{
    beginResetModel();
    m_data = std::move(data);
    m_decimals = m_data ? gapDecimals(*m_data) : 3;
    m_numbers.clear();
    m_texts.clear();
    endResetModel();
}

void ScoredPairModel::setPairs(std::vector<std::int64_t> numbers)
{
    if (!m_data || numbers == m_numbers)
        return;
    beginResetModel();
    m_numbers = std::move(numbers);
    endResetModel();
}

void ScoredPairModel::setBuckets(std::function<Bucket(std::int64_t)> bucketOf)
{
    m_bucketOf = std::move(bucketOf);
    if (!m_numbers.empty())
        Q_EMIT dataChanged(index(0, BucketName), index(rowCount() - 1, BucketName));
}

int ScoredPairModel::rowOf(std::int64_t pair) const
{
    const auto found = std::find(m_numbers.begin(), m_numbers.end(), pair);
    return found == m_numbers.end() ? -1 : int(found - m_numbers.begin());
}

const PreferencePair& ScoredPairModel::pair(int row) const
{
    const std::int64_t number = pairNumber(row);
    if (const PreferencePair* known = m_texts.object(number))
        return *known;
    std::vector<PreferencePair> read;
    try {
        read = m_project.pairs(m_data->dataset, number, 1);
    } catch (const std::exception&) {
        // The data set was removed meanwhile: the row stays, without texts.
    }
    auto* kept = new PreferencePair(read.empty() ? PreferencePair {} : std::move(read.front()));
    m_texts.insert(number, kept);
    return *kept;
}

PairScore ScoredPairModel::score(int row) const { return m_data->scores[std::size_t(pairNumber(row))]; }

QString ScoredPairModel::gapText(double gap) const
{
    QString text = QString::number(gap, 'f', m_decimals);
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

int ScoredPairModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_numbers.size()); }

int ScoredPairModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(ColumnCount); }

QVariant ScoredPairModel::text(const QModelIndex& index) const
{
    switch (index.column()) {
    case Number:
        return formatCount(pairNumber(index.row()) + 1);
    case Gap:
        return gapText(score(index.row()).gap());
    case ChosenScore:
        return gapText(score(index.row()).chosen);
    case RejectedScore:
        return gapText(score(index.row()).rejected);
    case BucketName:
        return m_bucketOf ? bucketTitle(m_bucketOf(pairNumber(index.row()))) : QString();
    case Prompt: {
        const PreferencePair& shown = pair(index.row());
        if (shown.hasIds())
            return tr("%1 token ids").arg(formatCount(qint64(shown.promptIds.size())));
        QString text = toQString(std::string_view(shown.prompt).substr(0, 400)).simplified();
        if (const QLatin1String speaker("Human: "); text.startsWith(speaker))
            text.remove(0, speaker.size()); // every dialogue begins so, and the column is narrow
        return text.left(160);
    }
    default:
        return {};
    }
}

QVariant ScoredPairModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    switch (role) {
    case Qt::DisplayRole:
        return text(index);
    case Qt::TextAlignmentRole:
        return index.column() <= RejectedScore ? int(Qt::AlignRight | Qt::AlignVCenter)
                                               : int(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::ForegroundRole:
        if (index.column() == BucketName && m_bucketOf)
            return bucketColour(m_bucketOf(pairNumber(index.row())));
        return {};
    default:
        return {};
    }
}

QVariant ScoredPairModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return section <= RejectedScore ? int(Qt::AlignRight | Qt::AlignVCenter)
                                        : int(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Gap)
        return tr("Reward gap: chosen score minus rejected score");
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Number:
        return tr("Pair");
    case Gap:
        return tr("Gap");
    case ChosenScore:
        return tr("Chosen");
    case RejectedScore:
        return tr("Rejected");
    case BucketName:
        return tr("Bucket");
    case Prompt:
        return tr("Prompt");
    default:
        return {};
    }
}

} // namespace mpo
