// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

namespace mpo {

/// A small symmetric matrix, row by row.
struct SymmetricMatrix
{
    explicit SymmetricMatrix(std::size_t n = 0)
        : size(n)
        , values(n * n, 0.0)
    {
    }
    double& at(std::size_t row, std::size_t column) { return values[row * size + column]; }
    double at(std::size_t row, std::size_t column) const { return values[row * size + column]; }

    std::size_t size;
    std::vector<double> values;
};

/// x of matrix * x = right, or nothing where the matrix is not positive definite to the last few digits.
/// REQUIRES right.size() == matrix.size.
std::optional<std::vector<double>> solvePositive(SymmetricMatrix matrix, std::vector<double> right);

} // namespace mpo
