// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/density_grid.h"
#include "ui/models/split_data.h"

#include <QImage>
#include <QWidget>

#include <memory>

namespace mpo {

/// Reward gap against length difference (chosen minus rejected) as a density: a slope here means that the reward model
/// pays for length. Counted once into a grid, so a moving threshold repaints one line.
class SplitLengthView : public QWidget
{
    Q_OBJECT
public:
    explicit SplitLengthView(QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data, std::shared_ptr<const PairLengths> lengths);
    void setThreshold(double gap);

    QSize minimumSizeHint() const override { return {260, 120}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    static constexpr int kColumns = 120, kRows = 48;
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths;
    DensityGrid m_grid; ///< left to right: gap; top to bottom: falling length difference
    double m_low = 0.0, m_high = 1.0; ///< gap
    double m_reach = 1.0; ///< length difference at the upper and lower edge; beyond it lie at most 1 % of the pairs
    double m_threshold = 0.0;
    QImage m_picture;
};

} // namespace mpo
