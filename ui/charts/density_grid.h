// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>

#include <cstdint>
#include <vector>

class QColor;

namespace mpo {

/// Points counted once into cells, so that any number of them is painted as one small picture.
class DensityGrid
{
public:
    DensityGrid() = default;
    DensityGrid(int columns, int rows);

    /// x from left to right and y from top to bottom, both in [0, 1]; what lies beyond counts at the edge.
    void add(double x, double y);
    std::int64_t count(int column, int row) const { return m_cells[std::size_t(row * m_columns + column)]; }
    std::int64_t highest() const { return m_highest; } ///< 0: no points
    /// A pixel a cell, the stronger the more points it has; cells without any are transparent.
    QImage picture(const QColor& colour) const;

private:
    int m_columns = 0, m_rows = 0;
    std::vector<std::int64_t> m_cells; ///< (row, column)
    std::int64_t m_highest = 0;
};

} // namespace mpo
