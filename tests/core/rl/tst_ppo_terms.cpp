// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rl/ppo_terms.h"
#include "tests/common/near.h"

using namespace mpo;

/// Numbers worked by hand from the formulas in ppo_terms.h.
class TestPpoTerms : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void estimatorsByHand()
    {
        // d = -1 - (-1.5) = 0.5; k3 = exp(-0.5) - 1 + 0.5
        COMPARE_NEAR(klEstimate(KlEstimator::K1, -1.0, -1.5), 0.5, 1e-12);
        COMPARE_NEAR(klEstimate(KlEstimator::K3, -1.0, -1.5), 0.10653065971263342, 1e-12);
        COMPARE_NEAR(klEstimate(KlEstimator::K3, -1.0, -1.0), 0.0, 0.0);
    }

    void gaeByHand()
    {
        // Two tokens, KL 0.5 and -0.2 at coefficient 0.1, score 1; values 0.3, 0.4; gamma 1, lambda 0.5.
        RolloutSequence sequence {{-1.0, -2.0}, {-1.5, -1.8}, {0.3, 0.4}, 1.0};
        AdvantageOptions options;
        options.klCoefficient = 0.1;
        options.gaeLambda = 0.5;
        const auto result = advantages(std::span(&sequence, 1), options);
        COMPARE_NEAR(result.rewards[0], -0.05, 1e-12);
        COMPARE_NEAR(result.rewards[1], 1.02, 1e-12);
        // delta_1 = 1.02 - 0.4 = 0.62; delta_0 = -0.05 + 0.4 - 0.3 = 0.05; A_0 = 0.05 + 0.5 * 0.62
        COMPARE_NEAR(result.advantages[1], 0.62, 1e-12);
        COMPARE_NEAR(result.advantages[0], 0.36, 1e-12);
        COMPARE_NEAR(result.returns[0], 0.66, 1e-12);
        COMPARE_NEAR(result.meanKl, 0.3, 1e-12);
        // Bessel: mean 0.49, deviation sqrt(0.0338)
        COMPARE_NEAR(result.whitened[1], 0.13 / std::sqrt(0.0338 + 1e-8), 1e-9);
    }

    void lambdaOneGivesTheSumOfRewards()
    {
        RolloutSequence sequence {{-1, -2, -0.5}, {-1.1, -1.7, -0.9}, {0.3, -0.4, 2.0}, 0.7};
        AdvantageOptions options;
        options.gaeLambda = 1.0;
        const auto result = advantages(std::span(&sequence, 1), options);
        COMPARE_NEAR(result.returns[0], result.rewards[0] + result.rewards[1] + result.rewards[2], 1e-12);
        COMPARE_NEAR(result.returns[2], result.rewards[2], 1e-12);
    }

    void emptySequencesAddNothing()
    {
        const std::vector<RolloutSequence> sequences {{}, {{-1.0}, {-1.0}, {0.5}, 2.0}, {}};
        const auto result = advantages(sequences, {});
        QCOMPARE(result.advantages.size(), std::size_t(1));
        COMPARE_NEAR(result.advantages[0], 1.5, 1e-12);
        COMPARE_NEAR(result.whitened[0], 0.0, 1e-12); // one value: only its mean is taken off
    }

    void adaptiveCoefficient()
    {
        auto controller = KlController::adaptive(0.2, 6.0, 10000.0);
        controller.update(12.0, 128); // twice the target: e is clipped at 0.2
        COMPARE_NEAR(controller.coefficient(), 0.2 * (1.0 + 0.2 * 128 / 10000.0), 1e-12);
    }

    void whitenKeepsTheMeanIfAsked()
    {
        std::vector<double> values {1, 2, 6};
        whiten(values, WhitenMean::Keep);
        COMPARE_NEAR((values[0] + values[1] + values[2]) / 3.0, 3.0, 1e-9);
    }
};

QTEST_GUILESS_MAIN(TestPpoTerms)
#include "tst_ppo_terms.moc"
