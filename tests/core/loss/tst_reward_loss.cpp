// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/reward_loss.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

using namespace mpo;

class TestRewardLoss : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// TRL's RewardTrainer on the same scores, pair by pair (make_loss_fixture.py).
    void equalsTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json")["reward"];
        const auto tensorOf
            = [](const Json& values) { return at::tensor(values.get<std::vector<double>>()).to(at::kFloat); };
        QVERIFY(golden["cases"].size() >= 3);
        for (const Json& expected : golden["cases"]) {
            const at::Tensor chosen = tensorOf(golden["chosen"]).requires_grad_(true);
            const at::Tensor rejected = tensorOf(golden["rejected"]).requires_grad_(true);
            const at::Tensor loss = rewardLoss(chosen, rejected, expected["centering"].get<double>());
            loss.sum().backward();
            COMPARE_NEAR((loss - tensorOf(expected["loss"])).abs().max().item<double>(), 0.0, 2e-6);
            COMPARE_NEAR((chosen.grad() - tensorOf(expected["chosen_gradient"])).abs().max().item<double>(), 0.0, 2e-6);
            COMPARE_NEAR(
                (rejected.grad() - tensorOf(expected["rejected_gradient"])).abs().max().item<double>(), 0.0, 2e-6);
        }
    }

    void constantDoesNotMatter()
    {
        const at::Tensor chosen = at::tensor({1.0f, -0.5f}), rejected = at::tensor({0.2f, 0.4f});
        COMPARE_NEAR(rewardLoss(chosen, rejected)[0].item<double>(), 0.3711006659477777, 1e-6); // log(1 + e^-0.8)
        COMPARE_NEAR((rewardLoss(chosen + 3, rejected + 3) - rewardLoss(chosen, rejected)).abs().max().item<double>(),
            0.0, 1e-6);
        // The centering term is there to make it matter: 0.01 * ((1 + 0.2 + 6)^2 - (1 + 0.2)^2)
        COMPARE_NEAR(
            (rewardLoss(chosen + 3, rejected + 3, 0.01) - rewardLoss(chosen, rejected, 0.01))[0].item<double>(), 0.504,
            1e-5);
    }

    void equalScoresGiveLnTwo()
    {
        COMPARE_NEAR(rewardLoss(at::zeros({1}), at::zeros({1})).item<double>(), 0.6931471805599453, 1e-6);
    }

    void farScoresStayFinite()
    {
        COMPARE_NEAR(rewardLoss(at::tensor({-500.0f}), at::tensor({500.0f})).item<double>(), 1000.0, 1e-3);
        COMPARE_NEAR(rewardLoss(at::tensor({500.0f}), at::tensor({-500.0f})).item<double>(), 0.0, 1e-6);
    }
};

QTEST_GUILESS_MAIN(TestRewardLoss)
#include "tst_reward_loss.moc"
