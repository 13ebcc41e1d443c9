// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/loss/ppo_loss.h"
#include "core/loss/preference_loss.h"
#include "core/loss/reward_loss.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

using namespace mpo;

class TestLosses : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// LibTorch's own log_softmax over the whole matrix, in double, is the independent source.
    void chunkedLogProbsEqualPlainAutograd_data()
    {
        QTest::addColumn<int>("chunk");
        QTest::addColumn<double>("temperature");
        QTest::newRow("one row at a time") << 1 << 1.0;
        QTest::newRow("chunks that do not divide") << 4 << 0.7;
        QTest::newRow("all at once") << 100 << 1.3;
    }
    void chunkedLogProbsEqualPlainAutograd()
    {
        QFETCH(int, chunk);
        QFETCH(double, temperature);
        at::manual_seed(1);
        const at::Tensor hidden = at::randn({11, 6}).requires_grad_(true), weight = at::randn({17, 6}).requires_grad_(true);
        const at::Tensor targets = at::randint(17, {11}, at::kLong), scale = at::randn({11});
        const auto mine = tokenLogProbs(hidden, weight, targets, {.temperature = temperature, .entropy = true, .chunkRows = chunk});
        (mine.logProbs * scale).sum().backward();

        const at::Tensor h = hidden.detach().to(at::kDouble).requires_grad_(true), w = weight.detach().to(at::kDouble).requires_grad_(true);
        const at::Tensor all = (h.matmul(w.t()) / temperature).log_softmax(-1);
        const at::Tensor theirs = all.gather(1, targets.unsqueeze(1)).squeeze(1);
        (theirs * scale.to(at::kDouble)).sum().backward();
        COMPARE_NEAR((mine.logProbs - theirs).abs().max().item<double>(), 0.0, 1e-5);
        COMPARE_NEAR((mine.entropy + (all.exp() * all).sum(-1)).abs().max().item<double>(), 0.0, 1e-5);
        COMPARE_NEAR((hidden.grad() - h.grad()).abs().max().item<double>(), 0.0, 1e-5);
        COMPARE_NEAR((weight.grad() - w.grad()).abs().max().item<double>(), 0.0, 1e-5);
    }

    void preferenceLossesByHand_data()
    {
        QTest::addColumn<QByteArray>("loss");
        QTest::addColumn<double>("smoothing");
        QTest::addColumn<double>("margin"); // difference of the log-ratios
        QTest::addColumn<double>("expected");
        QTest::newRow("sigmoid at the start: ln 2") << QByteArray("sigmoid") << 0.0 << 0.0 << 0.6931471805599453;
        QTest::newRow("conservative at the start: ln 2") << QByteArray("sigmoid") << 0.1 << 0.0 << 0.6931471805599453;
        QTest::newRow("sigmoid, z = 0.2") << QByteArray("sigmoid") << 0.0 << 2.0 << 0.5981388693815919;
        QTest::newRow("conservative, z = 0.2, e = 0.1") << QByteArray("sigmoid") << 0.1 << 2.0 << 0.6181388693815919;
        QTest::newRow("ipo at the start: 1 / (4 beta^2)") << QByteArray("ipo") << 0.0 << 0.0 << 25.0;
        QTest::newRow("ipo, two tokens a side") << QByteArray("ipo") << 0.0 << 2.0 << 16.0;
        QTest::newRow("hinge at the start") << QByteArray("hinge") << 0.0 << 0.0 << 1.0;
        QTest::newRow("hinge beyond the margin") << QByteArray("hinge") << 0.0 << 12.0 << 0.0;
    }
    void preferenceLossesByHand()
    {
        QFETCH(QByteArray, loss);
        QFETCH(double, smoothing);
        QFETCH(double, margin);
        QFETCH(double, expected);
        PreferenceLossInput input;
        input.policy = {at::tensor({-5.0f + float(margin) / 2}), at::tensor({-7.0f - float(margin) / 2})};
        input.reference = {at::tensor({-5.0f}), at::tensor({-7.0f})};
        input.tokens = {at::tensor({2.0f}), at::tensor({2.0f})};
        const PairLoss result = preferenceLoss(findPreferenceLoss(loss.toStdString()), input, {0.1, smoothing});
        COMPARE_NEAR(result.loss.item<double>(), expected, 2e-5);
        COMPARE_NEAR(result.chosenRewards.item<double>() - result.rejectedRewards.item<double>(), 0.1 * margin, 1e-5);
    }

    void rewardLossIgnoresAConstant()
    {
        const at::Tensor chosen = at::tensor({1.0f, -0.5f}), rejected = at::tensor({0.2f, 0.4f});
        COMPARE_NEAR(rewardLoss(chosen, rejected)[0].item<double>(), 0.3711006659477777, 1e-6); // log(1 + e^-0.8)
        COMPARE_NEAR((rewardLoss(chosen + 3, rejected + 3) - rewardLoss(chosen, rejected)).abs().max().item<double>(), 0.0, 1e-6);
    }

    void firstMinibatchOfPpoHasRatioOne()
    {
        const at::Tensor logProbs = at::tensor({-1.0f, -2.0f}), advantages = at::tensor({0.5f, -1.5f});
        const PolicyLoss loss = ppoPolicyLoss(logProbs, logProbs, advantages, {});
        COMPARE_NEAR(loss.loss.item<double>(), 0.5, 1e-6); // minus the mean advantage
        COMPARE_NEAR(loss.meanRatio, 1.0, 0.0);
        COMPARE_NEAR(loss.clipFraction, 0.0, 0.0);
        COMPARE_NEAR(loss.approxKl, 0.0, 0.0);
    }

    void clippedPpoByHand()
    {
        // ratios 1.5 and 0.5; A = 1: max(-1.5, -1.2) = -1.2; A = -1: max(0.5, 0.8) = 0.8
        const at::Tensor old = at::zeros({2}), now = at::tensor({1.5f, 0.5f}).log();
        const PolicyLoss loss = ppoPolicyLoss(now, old, at::tensor({1.0f, -1.0f}), {});
        COMPARE_NEAR(loss.loss.item<double>(), -0.2, 1e-6);
        COMPARE_NEAR(loss.clipFraction, 1.0, 0.0);
        // V 1 -> 2, clipped at 1.2, return 1.1: max(0.81, 0.01) / 2
        const ValueLoss value = ppoValueLoss(at::tensor({2.0f}), at::tensor({1.0f}), at::tensor({1.1f}), {});
        COMPARE_NEAR(value.loss.item<double>(), 0.405, 1e-6);
    }

    void unknownLossNamesTheKnown()
    {
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, findPreferenceLoss("kto"));
    }
};

QTEST_GUILESS_MAIN(TestLosses)
#include "tst_losses.moc"
