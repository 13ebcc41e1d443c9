// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/density_grid.h"

#include <QColor>

#include <algorithm>
#include <cmath>

namespace mpo {

DensityGrid::DensityGrid(int columns, int rows)
    : m_columns(columns)
    , m_rows(rows)
    , m_cells(std::size_t(columns) * std::size_t(rows), 0)
{
}

void DensityGrid::add(double x, double y)
{
    const int column = std::clamp(int(x * m_columns), 0, m_columns - 1);
    const int row = std::clamp(int(y * m_rows), 0, m_rows - 1);
    m_highest = std::max(m_highest, ++m_cells[std::size_t(row * m_columns + column)]);
}

QImage DensityGrid::picture(const QColor& colour) const
{
    QImage picture(std::max(1, m_columns), std::max(1, m_rows), QImage::Format_ARGB32_Premultiplied);
    picture.fill(Qt::transparent);
    for (int row = 0; row < m_rows; ++row)
        for (int column = 0; column < m_columns; ++column) {
            const std::int64_t points = count(column, row);
            if (points == 0)
                continue;
            // Logarithmic, with a floor: a single point must not vanish beside a crowd.
            const double share = m_highest > 1 ? std::log1p(double(points)) / std::log1p(double(m_highest)) : 1.0;
            QColor shade = colour;
            shade.setAlphaF(float(0.15 + 0.85 * share));
            picture.setPixelColor(column, row, shade);
        }
    return picture;
}

} // namespace mpo
