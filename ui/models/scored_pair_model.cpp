// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/scored_pair_model.h"

#include "core/data/pair_export.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/split_data.h"
#include "ui/style.h"

#include <QColor>

#include <algorithm>
#include <cmath>

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
    case Bucket::Dropped:
        return ScoredPairModel::tr("Dropped");
    }
    return {};
}

QColor bucketColour(Bucket bucket)
{
    const Colours& c = colours();
    return bucket == Bucket::Easy         ? c.easy
        : bucket == Bucket::Hard          ? c.hard
        : bucket == Bucket::Contradictory ? c.contradictory
                                          : c.muted;
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

void ScoredPairModel::setEdited(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_texts.clear();
    if (!m_numbers.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

void ScoredPairModel::setSecondGaps(std::shared_ptr<const std::vector<double>> gaps)
{
    m_secondGaps = std::move(gaps);
    if (!m_numbers.empty())
        Q_EMIT dataChanged(index(0, SecondGap), index(rowCount() - 1, SecondGap));
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
    // Painting a row again is dear, and a step of a drag moves few pairs to the other part.
    int first = -1, last = -1;
    for (int row = 0; row < rowCount(); ++row)
        if (!m_bucketOf || m_bucketOf(pairNumber(row)) != bucketOf(pairNumber(row))) {
            first = first < 0 ? row : first;
            last = row;
        }
    m_bucketOf = std::move(bucketOf);
    if (last >= 0)
        Q_EMIT dataChanged(index(first, BucketName), index(last, BucketName));
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
    if (m_data->edits.of(number) == PairEdit::Flip)
        exchangeResponses(*kept);
    m_texts.insert(number, kept);
    return *kept;
}

PairScore ScoredPairModel::score(int row) const { return m_data->scores[std::size_t(pairNumber(row))]; }

QString ScoredPairModel::gapText(double gap) const
{
    if (std::isnan(gap))
        return QStringLiteral("–");
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
    case SecondGap:
        return m_secondGaps ? gapText((*m_secondGaps)[std::size_t(pairNumber(index.row()))]) : QString();
    case ChosenScore:
        return gapText(score(index.row()).chosen);
    case RejectedScore:
        return gapText(score(index.row()).rejected);
    case BucketName:
        if (!m_bucketOf)
            return {};
        return m_data->edits.of(pairNumber(index.row())) == PairEdit::Flip
            ? bucketTitle(m_bucketOf(pairNumber(index.row()))) + QStringLiteral(" ⇄")
            : bucketTitle(m_bucketOf(pairNumber(index.row())));
    case Prompt: {
        const PreferencePair& shown = pair(index.row());
        if (shown.hasIds())
            return tr("%1 token ids").arg(formatCount(qint64(shown.promptIds.size())));
        QString text = toQString(std::string_view(promptLine(shown.prompt)).substr(0, 400)).simplified();
        if (const QLatin1String speaker("Human: "); text.startsWith(speaker))
            text.remove(0, speaker.size()); // so begins every dialogue of several turns, and the column is narrow
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
        if (m_data->edits.of(pairNumber(index.row())) == PairEdit::Drop)
            return colours().muted;
        return {};
    case Qt::ToolTipRole:
        if (const PairEdit edit = m_data->edits.of(pairNumber(index.row()));
            index.column() == BucketName && edit != PairEdit::Keep)
            return edit == PairEdit::Flip ? tr("Flipped by hand: chosen and rejected are exchanged")
                                          : tr("Dropped by hand: in neither part of a split");
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
    if (role == Qt::ToolTipRole && section == SecondGap)
        return tr("Reward gap by the scores that are compared with");
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Number:
        return tr("Pair");
    case Gap:
        return tr("Gap");
    case SecondGap:
        return tr("Gap B");
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
