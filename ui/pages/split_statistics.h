// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <QWidget>

class QHBoxLayout;
class QLabel;

namespace mpo {

struct PairLengths;
struct SplitData;

/// The row of numbers above the histogram: pairs in each bucket, and how much the reward model is worth.
class SplitStatistics : public QWidget
{
    Q_OBJECT
public:
    explicit SplitStatistics(QWidget* parent = nullptr);

    void showCounts(const SplitData& data, const SplitCounts& counts, bool withContradictory);
    void showLengths(const PairLengths* lengths); ///< nullptr: being measured

protected:
    void changeEvent(QEvent* event) override;

private:
    struct Statistic
    {
        QWidget* box = nullptr;
        QLabel* value = nullptr;
    };
    void tintCounts();
    Statistic add(const char* name, const QString& text, const QString& toolTip);

    QHBoxLayout* m_layout = nullptr;
    Statistic m_easy, m_hard, m_contradictory, m_edited, m_accuracy, m_longer;
};

} // namespace mpo
