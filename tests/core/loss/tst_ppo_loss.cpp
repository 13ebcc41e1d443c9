// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/ppo_loss.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

using namespace mpo;

namespace {

/// Lists of each sequence, laid end to end.
at::Tensor flat(const Json& lists)
{
    std::vector<double> values;
    for (const Json& list : lists)
        for (const Json& value : list)
            values.push_back(value.get<double>());
    return at::tensor(values).to(at::kFloat);
}

} // namespace

class TestPpoLoss : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Against numpy on padded matrices (make_ppo_fixture.py).
    void equalsNumpy()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "rl/ppo.json");
        QVERIFY(golden["cases"].size() >= 6);
        bool policyClipped = false, valueClipped = false;
        for (const Json& row : golden["cases"]) {
            const Json &input = row["input"], &expected = row["expected"];
            const PpoLossOptions options {input["cliprange"].get<double>(), input["cliprange_value"].get<double>()};
            const PolicyLoss policy = ppoPolicyLoss(
                flat(input["new_logprobs"]), flat(input["logprobs"]), flat(expected["advantages_whitened"]), options);
            COMPARE_NEAR(policy.loss.item<double>(), expected["policy_loss"].get<double>(), 2e-6);
            COMPARE_NEAR(policy.approxKl, expected["approx_kl"].get<double>(), 1e-6);
            COMPARE_NEAR(policy.clipFraction, expected["clip_fraction"].get<double>(), 1e-6);
            COMPARE_NEAR(policy.meanRatio, expected["mean_ratio"].get<double>(), 2e-6);
            const ValueLoss value
                = ppoValueLoss(flat(input["new_values"]), flat(input["values"]), flat(expected["returns"]), options);
            COMPARE_NEAR(value.loss.item<double>(), expected["value_loss"].get<double>(), 1e-5);
            COMPARE_NEAR(value.clipFraction, expected["value_clip_fraction"].get<double>(), 1e-6);
            COMPARE_NEAR(policy.loss.item<double>() + input["vf_coef"].get<double>() * value.loss.item<double>(),
                expected["loss"].get<double>(), 1e-5);
            policyClipped = policyClipped || policy.clipFraction > 0;
            valueClipped = valueClipped || value.clipFraction > 0;
        }
        QVERIFY(policyClipped && valueClipped);
    }

    void firstMinibatchHasRatioOne()
    {
        const at::Tensor logProbs = at::tensor({-1.0f, -2.0f}), advantages = at::tensor({0.5f, -1.5f});
        const PolicyLoss loss = ppoPolicyLoss(logProbs, logProbs, advantages, {});
        COMPARE_NEAR(loss.loss.item<double>(), 0.5, 1e-6); // minus the mean advantage
        COMPARE_NEAR(loss.meanRatio, 1.0, 0.0);
        COMPARE_NEAR(loss.clipFraction, 0.0, 0.0);
        COMPARE_NEAR(loss.approxKl, 0.0, 0.0);
    }

    void clippedByHand()
    {
        // ratios 1.5 and 0.5; A = 1: max(-1.5, -1.2) = -1.2; A = -1: max(0.5, 0.8) = 0.8
        const at::Tensor old = at::zeros({2}), now = at::tensor({1.5f, 0.5f}).log().requires_grad_(true);
        const PolicyLoss loss = ppoPolicyLoss(now, old, at::tensor({1.0f, -1.0f}), {});
        COMPARE_NEAR(loss.loss.item<double>(), -0.2, 1e-6);
        COMPARE_NEAR(loss.clipFraction, 1.0, 0.0);
        loss.loss.backward();
        COMPARE_NEAR(now.grad().abs().max().item<double>(), 0.0, 0.0); // clipped tokens push no further
        // V 1 -> 2, clipped at 1.2, return 1.1: max(0.81, 0.01) / 2
        const ValueLoss value = ppoValueLoss(at::tensor({2.0f}), at::tensor({1.0f}), at::tensor({1.1f}), {});
        COMPARE_NEAR(value.loss.item<double>(), 0.405, 1e-6);
        COMPARE_NEAR(value.clipFraction, 0.0, 0.0);
    }

    /// Beyond the clip range on the side that makes things worse, the gradient stays: the way back is open.
    void pessimisticSideKeepsItsGradient()
    {
        const at::Tensor now = at::tensor({1.5f, 0.5f}).log().requires_grad_(true);
        const PolicyLoss loss = ppoPolicyLoss(now, at::zeros({2}), at::tensor({-1.0f, 1.0f}), {});
        COMPARE_NEAR(loss.clipFraction, 0.0, 0.0);
        loss.loss.backward();
        // d/dlogp of mean(-A exp(logp)) = -A ratio / 2
        COMPARE_NEAR(now.grad()[0].item<double>(), 0.75, 1e-6);
        COMPARE_NEAR(now.grad()[1].item<double>(), -0.25, 1e-6);
    }
};

QTEST_GUILESS_MAIN(TestPpoLoss)
#include "tst_ppo_loss.moc"
