// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <QWidget>

namespace mpo {

/// How often the reward model agrees with the label against how sure it is (a reliability diagram): points on the
/// diagonal mean that its confidence can be taken at its word.
class SplitCalibrationView : public QWidget
{
    Q_OBJECT
public:
    explicit SplitCalibrationView(QWidget* parent = nullptr);

    void setBins(std::vector<CalibrationBin> bins);
    const std::vector<CalibrationBin>& bins() const { return m_bins; }

    QSize minimumSizeHint() const override { return {260, 120}; }

protected:
    bool event(QEvent* event) override; ///< tool tips
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QRectF plot() const;
    QPointF place(double confidence, double accuracy) const;

    std::vector<CalibrationBin> m_bins;
};

} // namespace mpo
