// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/length_adjustment.h"

#include "core/evaluation/logistic_fit.h"

#include <cassert>
#include <cmath>
#include <vector>

namespace mpo {

std::optional<LengthAdjustment> lengthAdjustment(std::span<const double> points, std::span<const double> firstLengths,
    std::span<const double> secondLengths, double level)
{
    assert(points.size() == firstLengths.size() && points.size() == secondLengths.size());
    std::vector<double> differences;
    LengthAdjustment result;
    double longer = 0.0, longerPoints = 0.0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const double difference = firstLengths[i] - secondLengths[i];
        differences.push_back(difference);
        if (difference != 0.0) {
            longer += 1.0;
            longerPoints += difference > 0.0 ? points[i] : 1.0 - points[i];
        }
    }
    result.meanFirst = summarise(firstLengths).mean;
    result.meanSecond = summarise(secondLengths).mean;
    result.longerWins = longer > 0.0 ? longerPoints / longer : 0.5;
    const double deviation = summarise(differences).deviation;
    if (!(deviation > 0.0))
        return std::nullopt;
    std::vector<std::vector<double>> rows;
    for (const double difference : differences)
        rows.push_back({1.0, std::tanh(difference / deviation)});
    const auto fit = fitLogistic(rows, points);
    if (!fit)
        return std::nullopt;
    const double z = zOfLevel(level), constant = fit->coefficients[0];
    const double error = z * std::sqrt(fit->covariance.at(0, 0)), slopeError = z * std::sqrt(fit->covariance.at(1, 1));
    result.winRate = sigmoid(constant);
    result.interval = {sigmoid(constant - error), sigmoid(constant + error)};
    result.slope = fit->coefficients[1];
    result.slopeInterval = {result.slope - slopeError, result.slope + slopeError};
    return result;
}

} // namespace mpo
