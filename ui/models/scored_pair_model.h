// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/data/reward_gap.h"

#include <QAbstractTableModel>
#include <QCache>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpo {

class Project;
struct SplitData;

/// Some pairs of a score set with their scores. Texts are read from the project when they are first shown.
class ScoredPairModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Number, Gap, SecondGap, ChosenScore, RejectedScore, BucketName, Prompt, ColumnCount };

    explicit ScoredPairModel(const Project& project, QObject* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< shows nothing until setPairs()
    void setEdited(std::shared_ptr<const SplitData> data); ///< the same pairs with other edits by hand
    void setSecondGaps(std::shared_ptr<const std::vector<double>> gaps); ///< of another scoring; nullptr: none
    void setPairs(std::vector<std::int64_t> numbers);
    void setBuckets(std::function<Bucket(std::int64_t pair)> bucketOf);

    std::int64_t pairNumber(int row) const { return m_numbers[std::size_t(row)]; }
    int rowOf(std::int64_t pair) const; ///< -1: not among them
    const PreferencePair& pair(int row) const; ///< responses exchanged where it is flipped; valid until the next call
    PairScore score(int row) const;
    QString gapText(double gap) const; ///< a gap or score, with the same decimals throughout

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QVariant text(const QModelIndex& index) const;

    const Project& m_project;
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const std::vector<double>> m_secondGaps;
    int m_decimals = 3; ///< of gaps and scores
    std::vector<std::int64_t> m_numbers;
    std::function<Bucket(std::int64_t)> m_bucketOf;
    mutable QCache<std::int64_t, PreferencePair> m_texts {256};
};

QString bucketTitle(Bucket bucket); ///< "Easy", "Hard", "Contradictory", "Dropped"
QColor bucketColour(Bucket bucket);

} // namespace mpo
