// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/sft_loss.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

using namespace mpo;

class TestSftLoss : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// TRL's "sft" loss of a batch of three responses (make_loss_fixture.py), in one piece and in micro-batches.
    void equalsTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json")["sft"];
        std::vector<at::Tensor> responses;
        for (const Json& response : golden["log_probs"])
            responses.push_back(at::tensor(response.get<std::vector<double>>()).to(at::kFloat));
        const at::Tensor all = at::cat(responses).requires_grad_(true);
        const at::Tensor loss = sftLoss(all);
        loss.backward();
        COMPARE_NEAR(loss.item<double>(), golden["loss"].get<double>(), 1e-6);
        COMPARE_NEAR(all.grad()[0].item<double>(), golden["gradient"].get<double>(), 1e-7);
        double sum = 0.0;
        for (const at::Tensor& response : responses)
            sum += sftLoss(response, double(all.size(0))).item<double>();
        COMPARE_NEAR(sum, golden["loss"].get<double>(), 1e-6);
    }

    void noTokensIsNoLoss() { COMPARE_NEAR(sftLoss(at::zeros({0})).item<double>(), 0.0, 0.0); }
};

QTEST_GUILESS_MAIN(TestSftLoss)
#include "tst_sft_loss.moc"
