// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Both models are log-linear in x = (ln p_1, ..., ln p_k [, ln nu]): a comparison of i and j has the outcomes "i wins",
// "j wins" [and "tie"] with weights exp(x_i), exp(x_j) [and exp(x_nu + (x_i + x_j) / 2)]. So gradient and Hessian of
// the log-likelihood are those of a multinomial logit, counted over pairs of sources.
#include "core/evaluation/strengths.h"

#include "core/evaluation/cholesky.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

namespace mpo {

namespace {

/// What was seen between two sources.
struct Meeting
{
    double wins = 0.0, ties = 0.0, losses = 0.0; ///< of the first
};
using Meetings = std::map<std::pair<int, int>, Meeting>;

void add(Meetings& meetings, const Contest& contest, bool halves)
{
    const bool turned = contest.first > contest.second;
    const double points = turned ? 1.0 - contest.points : contest.points;
    Meeting& meeting = meetings[{std::min(contest.first, contest.second), std::max(contest.first, contest.second)}];
    const double tie = halves ? 0.0 : 1.0 - std::abs(2.0 * points - 1.0);
    meeting.ties += tie;
    meeting.wins += points - 0.5 * tie;
    meeting.losses += 1.0 - points - 0.5 * tie;
}

struct Derivatives
{
    double value = 0.0; ///< log-likelihood with its penalty
    std::vector<double> gradient;
    SymmetricMatrix curvature; ///< minus the Hessian
};

/// x: log strengths, and ln nu where `withTies`.
Derivatives derivativesAt(const std::vector<double>& x, const Meetings& meetings, bool withTies, double ridge)
{
    Derivatives result {0.0, std::vector<double>(x.size(), 0.0), SymmetricMatrix(x.size())};
    const std::size_t nu = x.size() - 1; // where `withTies`
    for (const auto& [who, seen] : meetings) {
        const std::array<std::size_t, 3> at {std::size_t(who.first), std::size_t(who.second), nu};
        const std::array<double, 3> counts {seen.wins, seen.losses, seen.ties};
        // Each outcome's linear predictor as weights of the variables in `at`.
        constexpr std::array<std::array<double, 3>, 3> kWeights {{{1, 0, 0}, {0, 1, 0}, {0.5, 0.5, 1}}};
        const std::size_t outcomes = withTies ? 3 : 2;
        std::array<double, 3> logits {x[at[0]], x[at[1]], 0.5 * (x[at[0]] + x[at[1]]) + (withTies ? x[nu] : 0.0)};
        const double largest = *std::max_element(logits.begin(), logits.begin() + std::ptrdiff_t(outcomes));
        double sum = 0.0, total = 0.0;
        for (std::size_t o = 0; o < outcomes; ++o) {
            sum += std::exp(logits[o] - largest);
            total += counts[o];
        }
        std::array<double, 3> shares {};
        for (std::size_t o = 0; o < outcomes; ++o) {
            result.value += counts[o] * (logits[o] - largest - std::log(sum));
            shares[o] = std::exp(logits[o] - largest) / sum;
        }
        std::array<double, 3> mean {}; // of the weights
        for (std::size_t o = 0; o < outcomes; ++o)
            for (std::size_t v = 0; v < outcomes; ++v)
                mean[v] += shares[o] * kWeights[o][v];
        for (std::size_t o = 0; o < outcomes; ++o)
            for (std::size_t v = 0; v < outcomes; ++v) {
                result.gradient[at[v]] += counts[o] * (kWeights[o][v] - mean[v]);
                for (std::size_t w = 0; w < outcomes; ++w)
                    result.curvature.at(at[v], at[w])
                        += total * shares[o] * (kWeights[o][v] - mean[v]) * (kWeights[o][w] - mean[w]);
            }
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        result.value -= 0.5 * ridge * x[i] * x[i];
        result.gradient[i] -= ridge * x[i];
        result.curvature.at(i, i) += ridge;
    }
    return result;
}

std::vector<double> maximum(std::size_t size, const Meetings& meetings, bool withTies, double ridge)
{
    constexpr int kMostSteps = 200;
    constexpr double kSmallest = 1e-12;
    std::vector<double> x(size, 0.0);
    Derivatives here = derivativesAt(x, meetings, withTies, ridge);
    for (int step = 0; step < kMostSteps; ++step) {
        const auto move = solvePositive(here.curvature, here.gradient);
        if (!move)
            break;
        double length = 1.0, largest = 0.0;
        for (const double value : *move)
            largest = std::max(largest, std::abs(value));
        if (largest < kSmallest)
            break;
        for (;; length *= 0.5) {
            std::vector<double> next = x;
            for (std::size_t i = 0; i < size; ++i)
                next[i] += length * (*move)[i];
            Derivatives there = derivativesAt(next, meetings, withTies, ridge);
            if (there.value >= here.value || length * largest < kSmallest) {
                x = std::move(next);
                here = std::move(there);
                break;
            }
        }
    }
    return x;
}

bool areLinked(int sources, const Meetings& meetings)
{
    std::vector<int> group(std::size_t(sources), 0);
    std::iota(group.begin(), group.end(), 0);
    for (const auto& [who, seen] : meetings) {
        const int from = group[std::size_t(who.second)], to = group[std::size_t(who.first)];
        std::replace(group.begin(), group.end(), from, to);
    }
    return std::all_of(group.begin(), group.end(), [&](int one) { return one == group.front(); });
}

} // namespace

Strengths fitStrengths(int sources, std::span<const Contest> contests, const StrengthOptions& options)
{
    assert(sources >= 1 && options.ridge > 0.0);
    const bool halves = options.ties == StrengthOptions::Ties::Half;
    Meetings meetings;
    double ties = 0.0;
    for (const Contest& contest : contests) {
        assert(contest.first >= 0 && contest.first < sources && contest.second >= 0 && contest.second < sources);
        assert(contest.first != contest.second && contest.points >= 0.0 && contest.points <= 1.0);
        add(meetings, contest, halves);
    }
    for (const auto& [who, seen] : meetings)
        ties += seen.ties;
    const bool withTies = ties > 0.0;
    std::vector<double> x = maximum(std::size_t(sources) + (withTies ? 1 : 0), meetings, withTies, options.ridge);
    Strengths result;
    result.tie = withTies ? std::exp(x.back()) : 0.0;
    x.resize(std::size_t(sources));
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / double(sources); // 0 but for rounding
    for (double& value : x)
        value -= mean;
    result.logStrength = std::move(x);
    result.linked = areLinked(sources, meetings);
    return result;
}

StrengthTable strengthTable(
    int sources, std::span<const Contest> contests, const StrengthOptions& options, const BootstrapOptions& bootstrap)
{
    StrengthTable table;
    table.fit = fitStrengths(sources, contests, options);
    for (const double own : table.fit.logStrength) {
        double sum = -0.5; // against itself
        for (const double other : table.fit.logStrength) {
            // Of a tie each has half, so that with Davidson's ties too only the rest decides.
            const double tie = table.fit.tie * std::exp(0.5 * (own + other));
            sum += (std::exp(own) + 0.5 * tie) / (std::exp(own) + std::exp(other) + tie);
        }
        table.winRate.push_back(sources > 1 ? sum / double(sources - 1) : 0.5);
    }

    std::map<std::int64_t, std::vector<Contest>> byPrompt;
    for (const Contest& contest : contests)
        byPrompt[contest.prompt].push_back(contest);
    std::vector<const std::vector<Contest>*> units;
    for (const auto& [prompt, its] : byPrompt)
        units.push_back(&its);
    std::vector<Interval> intervals = bootstrapIntervals(
        std::int64_t(units.size()),
        [&](std::span<const std::int64_t> drawn) {
            std::vector<Contest> sample;
            for (const std::int64_t unit : drawn)
                sample.insert(sample.end(), units[std::size_t(unit)]->begin(), units[std::size_t(unit)]->end());
            Strengths fit = fitStrengths(sources, sample, options);
            fit.logStrength.push_back(fit.tie);
            return fit.logStrength;
        },
        bootstrap);
    table.tieInterval = intervals.back();
    intervals.pop_back();
    table.intervals = std::move(intervals);
    return table;
}

double ratingOf(double logStrength) { return 1000.0 + 400.0 * logStrength / std::numbers::ln10; }

} // namespace mpo
