// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rl/ppo_terms.h"

#include "core/support/error.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace mpo {

KlEstimator klEstimatorFromName(std::string_view name)
{
    if (name == "k1")
        return KlEstimator::K1;
    if (name == "k3")
        return KlEstimator::K3;
    fail("kl_estimator: \"{}\" is not known; there are k1 and k3", name);
}

double klEstimate(KlEstimator estimator, double logProb, double referenceLogProb)
{
    const double d = logProb - referenceLogProb;
    return estimator == KlEstimator::K1 ? d : std::expm1(-d) + d;
}

void whiten(std::vector<double>& values, WhitenMean mean)
{
    if (values.empty())
        return;
    const auto n = double(values.size());
    const double average = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0.0;
    for (const double value : values)
        squares += (value - average) * (value - average);
    const double variance = values.size() > 1 ? squares / (n - 1.0) : 1.0;
    const double scale = values.size() > 1 ? 1.0 / std::sqrt(variance + 1e-8) : 1.0;
    for (double& value : values)
        value = (value - average) * scale + (mean == WhitenMean::Keep ? average : 0.0);
}

AdvantageResult advantages(std::span<const RolloutSequence> sequences, const AdvantageOptions& options)
{
    AdvantageResult result;
    for (const RolloutSequence& sequence : sequences) {
        assert(sequence.logProbs.size() == sequence.values.size()
            && sequence.logProbs.size() == sequence.referenceLogProbs.size());
        for (std::size_t t = 0; t < sequence.logProbs.size(); ++t) {
            const double kl = klEstimate(options.klEstimator, sequence.logProbs[t], sequence.referenceLogProbs[t]);
            result.kl.push_back(kl);
            result.meanKl += kl;
            result.rewards.push_back(
                -options.klCoefficient * kl + (t + 1 == sequence.logProbs.size() ? sequence.score : 0.0));
        }
    }
    if (!sequences.empty())
        result.meanKl /= double(sequences.size());
    if (options.whitenRewards)
        whiten(result.rewards, WhitenMean::Keep);

    result.advantages.resize(result.rewards.size());
    result.returns.resize(result.rewards.size());
    std::size_t first = 0;
    for (const RolloutSequence& sequence : sequences) {
        double next = 0.0, nextValue = 0.0;
        for (std::size_t t = sequence.values.size(); t-- > 0;) {
            const double delta = result.rewards[first + t] + options.discount * nextValue - sequence.values[t];
            next = delta + options.discount * options.gaeLambda * next;
            nextValue = sequence.values[t];
            result.advantages[first + t] = next;
            result.returns[first + t] = next + sequence.values[t];
        }
        first += sequence.values.size();
    }
    result.whitened = result.advantages;
    whiten(result.whitened, WhitenMean::Remove);
    return result;
}

KlController KlController::fixed(double coefficient)
{
    KlController controller;
    controller.m_coefficient = coefficient;
    return controller;
}

KlController KlController::adaptive(double initial, double target, double horizon)
{
    KlController controller;
    controller.m_coefficient = initial;
    controller.m_target = target;
    controller.m_horizon = horizon;
    return controller;
}

void KlController::update(double sequenceKl, std::int64_t samples)
{
    if (m_target <= 0.0)
        return;
    const double error = std::clamp(sequenceKl / m_target - 1.0, -0.2, 0.2);
    m_coefficient *= 1.0 + error * double(samples) / m_horizon;
}

} // namespace mpo
