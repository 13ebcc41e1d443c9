// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"

#include <QWidget>

namespace mpo {

/// Wins, ties and losses as one bar; below it the win rate with its interval on a scale from 0 to 100 %, against 50 %.
class WinRateChart : public QWidget
{
    Q_OBJECT
public:
    explicit WinRateChart(QWidget* parent = nullptr);

    void setResult(const QString& nameA, const QString& nameB, const Tally& forA, const Interval& interval);

    QSize sizeHint() const override { return {560, 150}; }
    QSize minimumSizeHint() const override { return {280, 140}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QString m_nameA, m_nameB;
    Tally m_tally;
    Interval m_interval;
};

} // namespace mpo
