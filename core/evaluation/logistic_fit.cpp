// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/logistic_fit.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace mpo {

double sigmoid(double x) { return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x)); }

namespace {

double product(const std::vector<double>& a, const std::vector<double>& b)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

double logLikelihood(
    const std::vector<std::vector<double>>& rows, std::span<const double> y, const std::vector<double>& coefficients)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double logit = product(rows[i], coefficients);
        // y log s(x) + (1 - y) log s(-x)
        sum += y[i] * logit - std::max(0.0, logit) - std::log1p(std::exp(-std::abs(logit)));
    }
    return sum;
}

} // namespace

std::optional<LogisticFit> fitLogistic(const std::vector<std::vector<double>>& rows, std::span<const double> y)
{
    assert(rows.size() == y.size());
    constexpr int kMostSteps = 100;
    constexpr double kSmallest = 1e-10, kSeparated = 30.0; // logits that no data of ours can tell from infinity
    if (rows.empty() || rows.size() < rows.front().size())
        return std::nullopt;
    const std::size_t n = rows.front().size();
    LogisticFit fit {std::vector<double>(n, 0.0), SymmetricMatrix(n)};
    std::vector<double>& x = fit.coefficients;
    double likelihood = logLikelihood(rows, y, x);
    for (int step = 0; step < kMostSteps; ++step) {
        std::vector<double> gradient(n, 0.0);
        SymmetricMatrix curvature(n), spread(n);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double p = sigmoid(product(rows[i], x)), rest = y[i] - p;
            for (std::size_t a = 0; a < n; ++a) {
                gradient[a] += rest * rows[i][a];
                for (std::size_t b = 0; b < n; ++b) {
                    curvature.at(a, b) += p * (1.0 - p) * rows[i][a] * rows[i][b];
                    spread.at(a, b) += rest * rest * rows[i][a] * rows[i][b];
                }
            }
        }
        const auto move = solvePositive(curvature, gradient);
        if (!move)
            return std::nullopt;
        const double largest = std::abs(*std::max_element(
            move->begin(), move->end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
        if (largest < kSmallest) { // covariance = curvature^-1 spread curvature^-1
            std::vector<std::vector<double>> half; // rows of spread curvature^-1
            for (std::size_t a = 0; a < n; ++a)
                half.push_back(*solvePositive(curvature,
                    std::vector<double>(spread.values.begin() + std::ptrdiff_t(a * n),
                        spread.values.begin() + std::ptrdiff_t((a + 1) * n))));
            for (std::size_t b = 0; b < n; ++b) {
                std::vector<double> column;
                for (std::size_t a = 0; a < n; ++a)
                    column.push_back(half[a][b]);
                column = *solvePositive(curvature, std::move(column));
                for (std::size_t a = 0; a < n; ++a)
                    fit.covariance.at(a, b) = column[a];
            }
            return fit;
        }
        double length = 1.0;
        for (;; length *= 0.5) {
            std::vector<double> next = x;
            for (std::size_t a = 0; a < n; ++a)
                next[a] += length * (*move)[a];
            const double there = logLikelihood(rows, y, next);
            if (there >= likelihood || length * largest < kSmallest) {
                x = std::move(next);
                likelihood = there;
                break;
            }
        }
        for (const auto& row : rows)
            if (std::abs(product(row, x)) > kSeparated)
                return std::nullopt;
    }
    return std::nullopt;
}

} // namespace mpo
