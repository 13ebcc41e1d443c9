// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rl/ppo_terms.h"
#include "core/support/error.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <algorithm>
#include <filesystem>

using namespace mpo;

namespace {

std::vector<double> flat(const Json& lists)
{
    std::vector<double> values;
    for (const Json& list : lists)
        for (const Json& value : list)
            values.push_back(value.get<double>());
    return values;
}

double largestDifference(const std::vector<double>& a, const std::vector<double>& b)
{
    if (a.size() != b.size())
        return HUGE_VAL;
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

} // namespace

/// Against numpy on padded matrices (tests/fixtures/rl/make_ppo_fixture.py), and numbers worked by hand.
class TestPpoTerms : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void equalsNumpy()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "rl/ppo.json");
        QVERIFY(golden["cases"].size() >= 6);
        for (const Json& row : golden["cases"]) {
            const Json &input = row["input"], &expected = row["expected"];
            std::vector<RolloutSequence> sequences;
            for (std::size_t i = 0; i < input["logprobs"].size(); ++i)
                sequences.push_back({input["logprobs"][i].get<std::vector<double>>(),
                    input["ref_logprobs"][i].get<std::vector<double>>(), input["values"][i].get<std::vector<double>>(),
                    input["scores"][i].get<double>()});
            AdvantageOptions options;
            options.klCoefficient = input["kl_coef"].get<double>();
            options.klEstimator = klEstimatorFromName(input["kl_estimator"].get<std::string>());
            options.discount = input["gamma"].get<double>();
            options.gaeLambda = input["lam"].get<double>();
            options.whitenRewards = input["whiten_rewards"].get<bool>();
            const AdvantageResult result = advantages(sequences, options);
            COMPARE_NEAR(largestDifference(result.kl, flat(expected["kl"])), 0.0, 1e-12);
            COMPARE_NEAR(largestDifference(result.rewards, flat(expected["rewards"])), 0.0, 1e-12);
            COMPARE_NEAR(largestDifference(result.advantages, flat(expected["advantages"])), 0.0, 1e-12);
            COMPARE_NEAR(largestDifference(result.returns, flat(expected["returns"])), 0.0, 1e-12);
            COMPARE_NEAR(largestDifference(result.whitened, flat(expected["advantages_whitened"])), 0.0, 1e-12);
            COMPARE_NEAR(result.meanKl, expected["mean_kl"].get<double>(), 1e-12);
        }
    }

    /// Stage 2 begins with policy = reference: no KL by any estimator, rewards are the scores alone.
    void policyEqualToReferenceHasNoKl()
    {
        const RolloutSequence sequence {{-1.0, -0.2, -3.0}, {-1.0, -0.2, -3.0}, {0.1, 0.2, 0.3}, 0.8};
        for (const KlEstimator estimator : {KlEstimator::K1, KlEstimator::K3}) {
            AdvantageOptions options;
            options.klEstimator = estimator;
            const auto result = advantages(std::span(&sequence, 1), options);
            QCOMPARE(result.kl, (std::vector<double> {0.0, 0.0, 0.0}));
            QCOMPARE(result.rewards, (std::vector<double> {0.0, 0.0, 0.8}));
            COMPARE_NEAR(result.meanKl, 0.0, 0.0);
        }
    }

    /// Both estimators have the true KL as their mean over the policy; k3 is never negative.
    void estimatorsAgreeInTheMean()
    {
        const std::vector<double> policy {0.5, 0.3, 0.15, 0.05}, reference {0.25, 0.25, 0.25, 0.25};
        double k1 = 0.0, k3 = 0.0, kl = 0.0;
        for (std::size_t i = 0; i < policy.size(); ++i) {
            const double p = std::log(policy[i]), q = std::log(reference[i]);
            k1 += policy[i] * klEstimate(KlEstimator::K1, p, q);
            k3 += policy[i] * klEstimate(KlEstimator::K3, p, q);
            kl += policy[i] * std::log(policy[i] / reference[i]);
            QVERIFY(klEstimate(KlEstimator::K3, p, q) >= 0.0);
        }
        COMPARE_NEAR(k1, kl, 1e-12);
        COMPARE_NEAR(k3, kl, 1e-12);
    }

    /// mean_kl is nats per sequence: the sum over the tokens of each, averaged over all sequences, empty ones too.
    void meanKlIsPerSequence()
    {
        const std::vector<RolloutSequence> sequences {
            {{-1, -1, -1}, {-2, -2, -2}, {0, 0, 0}, 0.0}, {{-1}, {-1.5}, {0}, 0.0}, {}, {}};
        COMPARE_NEAR(advantages(sequences, {}).meanKl, (3.0 + 0.5) / 4.0, 1e-12);
    }

    void lambdaZeroGivesDeltas()
    {
        const RolloutSequence sequence {{-1, -2, -0.5}, {-1.1, -1.7, -0.9}, {0.3, -0.4, 2.0}, 0.7};
        AdvantageOptions options;
        options.gaeLambda = 0.0;
        options.discount = 0.9;
        const auto result = advantages(std::span(&sequence, 1), options);
        COMPARE_NEAR(result.advantages[0], result.rewards[0] + 0.9 * -0.4 - 0.3, 1e-12);
        COMPARE_NEAR(result.advantages[1], result.rewards[1] + 0.9 * 2.0 + 0.4, 1e-12);
        COMPARE_NEAR(result.advantages[2], result.rewards[2] - 2.0, 1e-12); // nothing after the end
    }

    /// What stands before or behind a sequence in the rollout changes nothing of its own terms but the whitening.
    void sequencesDoNotLeakIntoEachOther()
    {
        const RolloutSequence one {{-1, -2}, {-1.5, -1.8}, {0.3, 0.4}, 1.0}, other {{-3}, {-1}, {9.0}, -5.0};
        const auto alone = advantages(std::span(&one, 1), {});
        const auto together = advantages(std::vector<RolloutSequence> {other, one, other}, {});
        for (std::size_t t = 0; t < 2; ++t) {
            COMPARE_NEAR(together.advantages[1 + t], alone.advantages[t], 0.0);
            COMPARE_NEAR(together.returns[1 + t], alone.returns[t], 0.0);
        }
    }

    void nothingAtAll()
    {
        const auto result = advantages({}, {});
        QVERIFY(result.advantages.empty() && result.whitened.empty());
        COMPARE_NEAR(result.meanKl, 0.0, 0.0);
        std::vector<double> none;
        whiten(none, WhitenMean::Remove);
        QVERIFY(none.empty());
    }

    void whitenOneValue()
    {
        std::vector<double> one {3.5};
        whiten(one, WhitenMean::Keep);
        COMPARE_NEAR(one[0], 3.5, 0.0);
        whiten(one, WhitenMean::Remove);
        COMPARE_NEAR(one[0], 0.0, 0.0);
        std::vector<double> equal {2.0, 2.0, 2.0}; // no spread: eps keeps it finite
        whiten(equal, WhitenMean::Remove);
        QCOMPARE(equal, (std::vector<double> {0.0, 0.0, 0.0}));
    }

    void fixedCoefficientStays()
    {
        auto controller = KlController::fixed(0.05);
        controller.update(1000.0, 512);
        COMPARE_NEAR(controller.coefficient(), 0.05, 0.0);
    }

    void adaptiveCoefficientIsClippedAndRestored()
    {
        auto controller = KlController::adaptive(0.1, 6.0, 1000.0);
        controller.update(6.0, 100); // on target
        COMPARE_NEAR(controller.coefficient(), 0.1, 1e-15);
        controller.update(6.6, 100); // e = 0.1, not clipped
        COMPARE_NEAR(controller.coefficient(), 0.1 * 1.01, 1e-12);
        controller.update(-3.0, 100); // far below: e = -0.2
        COMPARE_NEAR(controller.coefficient(), 0.1 * 1.01 * 0.98, 1e-12);
        controller.update(6000.0, 100); // far above: no more than at twice the target
        COMPARE_NEAR(controller.coefficient(), 0.1 * 1.01 * 0.98 * 1.02, 1e-12);
        controller.restore(0.3);
        COMPARE_NEAR(controller.coefficient(), 0.3, 0.0);
    }

    void unknownEstimatorNamesTheKnown()
    {
        QVERIFY_THROWS_EXCEPTION(Error, klEstimatorFromName("k2"));
        QCOMPARE(klEstimatorFromName("k3"), KlEstimator::K3);
    }

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
