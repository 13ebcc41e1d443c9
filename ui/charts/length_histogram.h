// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/chart.h"

#include <QColor>

#include <cstdint>
#include <vector>

class QCPGraph;

namespace mpo {

/// How long texts are: an outline for each kind of text over common bins from 0 to the longest. No length is left out.
class LengthHistogram : public Chart
{
    Q_OBJECT
public:
    explicit LengthHistogram(QWidget* parent = nullptr);

    /// What the outlines mean, and how they are coloured.
    enum class Part { Prompt, Chosen, Rejected };
    struct Series
    {
        Part part = Part::Prompt;
        QString label;
        std::vector<std::int32_t> lengths; ///< below 0: unknown, left out
    };
    void setSeries(std::vector<Series> series, const QString& unit); ///< unit: "tokens", "characters"
    void setLogX(bool on); ///< bins grow with the length

    std::vector<std::int64_t> counts(Part part) const; ///< of the bins
    std::vector<double> edges() const { return m_edges; } ///< one more than bins

protected:
    bool isEmpty() const override;
    QString csv() const override;
    void resetView() override;
    void applyColours() override;

private:
    void count();
    QColor colourOf(Part part) const;

    std::vector<Series> m_series;
    std::vector<QCPGraph*> m_graphs; ///< parallel to m_series
    std::vector<double> m_edges;
    std::vector<std::vector<std::int64_t>> m_counts;
    QString m_unit;
    bool m_logX = false;
};

} // namespace mpo
