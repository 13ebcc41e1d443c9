// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mpo {

/// Estimators of KL(policy || reference) from d = log-prob - reference log-prob of a sampled token.
enum class KlEstimator { K1, K3 }; ///< k1 = d; k3 = exp(-d) - 1 + d (Schulman, "Approximating KL divergence")
KlEstimator klEstimatorFromName(std::string_view name); ///< "k1", "k3"; throws Error
double klEstimate(KlEstimator estimator, double logProb, double referenceLogProb);

/// One response of a rollout; every list has one entry for each response token.
struct RolloutSequence
{
    std::vector<double> logProbs, referenceLogProbs, values;
    double score = 0.0; ///< of the reward model, after normalising, clipping and penalties
};

struct AdvantageOptions
{
    double klCoefficient = 0.05;
    KlEstimator klEstimator = KlEstimator::K1;
    double discount = 1.0; ///< gamma
    double gaeLambda = 0.95;
    bool whitenRewards = false; ///< keeping the mean (openai/lm-human-preferences)
    bool whitenAdvantages = true;
};

/// What the update phase trains on, flat over all response tokens in order of sequences.
struct AdvantageResult
{
    std::vector<double> kl, rewards, advantages, returns, whitened; ///< (R); advantages before whitening
    double meanKl = 0.0; ///< mean over sequences of the sum over tokens, of the estimator in use
};

/// reward_t = -klCoefficient * kl_t + score at the last token; GAE from right to left with value 0 after the end;
/// returns = advantages + values before whitening; whitening over all response tokens, (x - mean) / sqrt(var + 1e-8)
/// with Bessel's correction. A sequence without a token adds nothing. (Ziegler et al. 2019, arXiv 1909.08593; GAE arXiv
/// 1506.02438 eq. 16)
AdvantageResult advantages(std::span<const RolloutSequence> sequences, const AdvantageOptions& options);

/// x <- (x - mean) / sqrt(var + 1e-8); `keepMean` adds the mean back. One value: only its mean is taken off.
enum class WhitenMean { Remove, Keep };
void whiten(std::vector<double>& values, WhitenMean mean);

/// Fixed, or adaptive as in Ziegler et al. 2019 section 2.2: e = clip(kl / target - 1, -0.2, 0.2),
/// coefficient *= 1 + e * samples / horizon.
class KlController
{
public:
    static KlController fixed(double coefficient);
    static KlController adaptive(double initial, double target, double horizon);
    double coefficient() const { return m_coefficient; }
    void update(double sequenceKl, std::int64_t samples); ///< sequenceKl: nats per sequence
    void restore(double coefficient) { m_coefficient = coefficient; }

private:
    double m_coefficient = 0.0, m_target = 0.0, m_horizon = 0.0; ///< target 0: fixed
};

} // namespace mpo
