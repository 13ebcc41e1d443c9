// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/pair_strata.h"
#include "ui/models/split_data.h"

#include <QFrame>

#include <memory>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;

namespace mpo {

class RewardGapHistogram;

/// The histogram of reward gaps with what stands above it: the numbers of the bar under the pointer, what bars are
/// divided by, and the scale.
class SplitHistogramCard : public QFrame
{
    Q_OBJECT
public:
    explicit SplitHistogramCard(QWidget* parent = nullptr);

    RewardGapHistogram& histogram() { return *m_histogram; }
    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: being loaded
    void setEdited(std::shared_ptr<const SplitData> data); ///< the same pairs with other edits by hand
    void setLengths(std::shared_ptr<const PairLengths> lengths); ///< of this data; nullptr: being measured
    /// How sure people were of each label, NaN: not said; nullptr: not in these data.
    void setConfidence(std::shared_ptr<const std::vector<float>> confidence);
    StackBy stackBy() const { return m_wanted; }
    void setStackBy(StackBy by); ///< as soon as the data have it
    void say(const QString& sentence); ///< in place of the numbers

private:
    void showPointed(std::optional<double> gap);
    void fillStackBy();
    void divideBars();

    QLabel* m_readout = nullptr;
    QComboBox* m_stackBy = nullptr;
    RewardGapHistogram* m_histogram = nullptr;
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths;
    std::shared_ptr<const std::vector<float>> m_confidence;
    StackBy m_wanted = StackBy::Nothing; ///< as the user chose, also where the data do not have it
};

} // namespace mpo
