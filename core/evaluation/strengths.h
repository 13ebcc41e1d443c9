// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/bootstrap.h"

#include <cstdint>
#include <span>
#include <vector>

namespace mpo {

/// One comparison among several sources.
struct Contest
{
    int first = 0, second = 1; ///< numbers of the sources, from 0
    double points = 0.5; ///< of the first: 1 won, 1/2 tie, 0 lost; means of several verdicts lie between
    std::int64_t prompt = 0; ///< number of the prompt, from 0: what the bootstrap draws
};

struct StrengthOptions
{
    /// Half: Bradley-Terry (1952), P(i beats j) = p_i / (p_i + p_j), a tie counts as half a win for each.
    /// Davidson (1970): P(tie) = nu sqrt(p_i p_j) / D, P(i beats j) = p_i / D, D = p_i + p_j + nu sqrt(p_i p_j).
    enum class Ties { Half, Davidson };
    Ties ties = Ties::Half;
    /// Of the penalty ridge / 2 * sum of squares of ln p_i (and ln nu): what keeps a source that won always from
    /// infinity, and too weak to be seen otherwise. > 0.
    double ridge = 0.01;
};

struct Strengths
{
    std::vector<double> logStrength; ///< ln p_i, mean 0
    double tie = 0.0; ///< nu; 0 with Ties::Half and where no tie was seen
    /// Every source is linked to every other by comparisons, directly or through others. False: strengths of sources
    /// that are not linked say nothing about each other.
    bool linked = true;
};

/// Maximum of the penalised likelihood, by Newton's method (it is concave). Davidson: points between 0, 1/2 and 1 are
/// split into their neighbours. REQUIRES: sources within [0, sources), first != second, points in [0, 1], ridge > 0.
Strengths fitStrengths(int sources, std::span<const Contest> contests, const StrengthOptions& options = {});

struct StrengthTable
{
    Strengths fit;
    std::vector<Interval> intervals; ///< of logStrength, bootstrap over prompts
    Interval tieInterval; ///< of nu
    std::vector<double> winRate; ///< probability of winning (ties as half) against a source drawn from the others
};
StrengthTable strengthTable(int sources, std::span<const Contest> contests, const StrengthOptions& options = {},
    const BootstrapOptions& bootstrap = {.resamples = 1000});

/// On the scale of chess ratings, as arenas print it: 1000 for the mean, 400 more for ten times the strength.
double ratingOf(double logStrength);

} // namespace mpo
