// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/cholesky.h"

#include <optional>
#include <span>
#include <vector>

namespace mpo {

struct LogisticFit
{
    std::vector<double> coefficients;
    /// Of the coefficients; robust (HC0), because an outcome of 1/2 spreads less than a draw of 0 or 1 does.
    SymmetricMatrix covariance;
};

/// Maximum-likelihood fit of P(y = 1) = sigmoid(row . coefficients), by iteratively reweighted least squares. Outcomes
/// may lie between 0 and 1 (fractional logit). Nothing where the maximum does not exist: outcomes that the rows
/// separate, columns that depend on each other, fewer rows than columns. REQUIRES: one row for each y, all of the same
/// length >= 1.
std::optional<LogisticFit> fitLogistic(const std::vector<std::vector<double>>& rows, std::span<const double> y);

double sigmoid(double x);

} // namespace mpo
