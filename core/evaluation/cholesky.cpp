// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/cholesky.h"

#include <cassert>
#include <cmath>

namespace mpo {

std::optional<std::vector<double>> solvePositive(SymmetricMatrix matrix, std::vector<double> right)
{
    assert(right.size() == matrix.size);
    constexpr double kLeast = 1e-13; // of the pivot that stood there: less is rounding
    const std::size_t n = matrix.size;
    for (std::size_t j = 0; j < n; ++j) { // matrix = L L^T, L in its lower half
        double pivot = matrix.at(j, j);
        const double before = pivot;
        for (std::size_t k = 0; k < j; ++k)
            pivot -= matrix.at(j, k) * matrix.at(j, k);
        if (!(pivot > kLeast * before))
            return std::nullopt;
        const double root = std::sqrt(pivot);
        matrix.at(j, j) = root;
        for (std::size_t i = j + 1; i < n; ++i) {
            double value = matrix.at(i, j);
            for (std::size_t k = 0; k < j; ++k)
                value -= matrix.at(i, k) * matrix.at(j, k);
            matrix.at(i, j) = value / root;
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k)
            right[i] -= matrix.at(i, k) * right[k];
        right[i] /= matrix.at(i, i);
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k)
            right[i] -= matrix.at(k, i) * right[k];
        right[i] /= matrix.at(i, i);
    }
    return right;
}

} // namespace mpo
