// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/row_kernels.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

using namespace mpo;

/// The kernels against the formulas with ATen's broad operators in double, their gradients against autograd's.
class TestRowKernels : public QObject
{
    Q_OBJECT

    /// Largest difference in units of the rounding of the result's type at the size of the number.
    static double roundings(const at::Tensor& ours, const at::Tensor& exact)
    {
        const double unit = ours.scalar_type() == at::kBFloat16 ? 0x1p-8 : 0x1p-23;
        return ((ours.to(at::kDouble) - exact).abs() / (exact.abs() + 0x1p-4)).max().item<double>() / unit;
    }

    static at::Tensor inDouble(const at::Tensor& x) { return x.detach().to(at::kDouble).requires_grad_(); }

    static void widthsAndTypes()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("type");
        for (const int width : {16, 576, 24, 7})
            for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
                QTest::addRow("%d, %s", width, at::toString(type)) << width << int(type);
    }

private Q_SLOTS:
    void init() { at::manual_seed(5); }

    void norm_data() { widthsAndTypes(); }
    void norm()
    {
        QFETCH(int, width);
        QFETCH(int, type);
        const at::Tensor x = at::randn({150, width}).mul_(3.0), weight = at::randn({width});
        const at::Tensor g = at::randn({150, width}).to(at::ScalarType(type));
        const rows::Normalised ours = rows::rmsNorm(x, weight, 1e-3, at::ScalarType(type));
        QCOMPARE(ours.y.scalar_type(), at::ScalarType(type));

        const at::Tensor x64 = inDouble(x), w64 = inDouble(weight);
        const at::Tensor y64 = x64 * (x64.square().mean(-1, true) + 1e-3).rsqrt() * w64;
        y64.backward(g.to(at::kDouble));
        QVERIFY2(roundings(ours.y, y64.detach()) < 4, qPrintable(QString::number(roundings(ours.y, y64.detach()))));
        const auto [dx, dw] = rows::rmsNormBackward(g, x, weight, ours.scale, true);
        QVERIFY(roundings(dx, x64.grad()) < 64); // sums of `width` terms
        QVERIFY(roundings(dw, w64.grad()) < 256); // of 150 rows
        QVERIFY(!rows::rmsNormBackward(g, x, weight, ours.scale, false).second.defined());
    }

    void logProbs_data() { widthsAndTypes(); }
    void logProbs()
    {
        QFETCH(int, width);
        QFETCH(int, type);
        const double temperature = 0.7;
        const at::Tensor logits = at::randn({150, width}).mul_(4.0).add_(30.0).to(at::ScalarType(type));
        const at::Tensor targets = at::randint(width, {150}), g = at::randn({150});
        const at::Tensor x = inDouble(logits);
        const at::Tensor log = (x / temperature).log_softmax(-1);
        const at::Tensor logSums = (x / temperature).logsumexp(-1).detach();
        const rows::LogSums ours = rows::logSumExp(logits, temperature, true);
        QVERIFY(roundings(ours.logSum, logSums) < 4);
        const double entropyError
            = (ours.entropy.to(at::kDouble) + (log.exp() * log).sum(-1)).abs().max().item<double>();
        QVERIFY2(entropyError < 1e-5, qPrintable(QString::number(entropyError)));
        QVERIFY(!rows::logSumExp(logits, temperature, false).entropy.defined());

        (log.gather(1, targets.unsqueeze(1)).squeeze(1) * g).sum().backward();
        const at::Tensor d = rows::logProbBackward(logits, temperature, ours.logSum, targets, g);
        QCOMPARE(d.scalar_type(), at::ScalarType(type));
        const double limit = at::ScalarType(type) == at::kFloat ? 512 : 1; // y of some 50 has an error of 2e-6
        QVERIFY2(roundings(d, x.grad() * temperature) < limit,
            qPrintable(QString::number(roundings(d, x.grad() * temperature))));
    }

    void whatIsNotFiniteIsSeen_data() { widthsAndTypes(); }
    void whatIsNotFiniteIsSeen()
    {
        QFETCH(int, width);
        QFETCH(int, type);
        at::Tensor logits = at::randn({4, width});
        logits[0][width - 1] = std::numeric_limits<float>::quiet_NaN();
        logits[1][0] = std::numeric_limits<float>::infinity();
        logits[2][width / 2] = -std::numeric_limits<float>::infinity();
        logits = logits.to(at::ScalarType(type));
        const rows::LogSums sums = rows::logSumExp(logits, 1.0, true);
        const at::Tensor d = rows::logProbBackward(logits, 1.0, sums.logSum, at::zeros({4}, at::kLong), at::ones({4}));
        for (int row = 0; row < 4; ++row) {
            QCOMPARE(std::isnan(sums.logSum[row].item<float>()), row < 3);
            QCOMPARE(std::isnan(sums.entropy[row].item<float>()), row < 3);
            QCOMPARE(d[row].isnan().any().item<bool>(), row < 3);
        }
    }

    void silu_data() { widthsAndTypes(); }
    void silu()
    {
        QFETCH(int, width);
        QFETCH(int, type);
        // Gate and up as halves of one matrix: rows lie further apart than they are wide.
        const at::Tensor both = at::randn({70, 2 * width}).mul_(6.0).to(at::ScalarType(type));
        const at::Tensor gate = both.narrow(1, 0, width), up = both.narrow(1, width, width);
        const at::Tensor g = at::randn({70, width}).to(at::ScalarType(type));
        const at::Tensor gate64 = inDouble(gate), up64 = inDouble(up);
        const at::Tensor y64 = gate64 * gate64.sigmoid() * up64;
        y64.backward(g.to(at::kDouble));
        QVERIFY(roundings(rows::gatedSilu(gate, up, at::ScalarType(type)), y64.detach()) < 16);
        QVERIFY(roundings(rows::gatedSilu(gate, up, at::kBFloat16), y64.detach()) < 1);
        const auto [dGate, dUp] = rows::gatedSiluBackward(g, gate, up);
        QVERIFY(roundings(dGate, gate64.grad()) < 64); // 1 + g (1 - s) cancels for negative gates
        QVERIFY(roundings(dUp, up64.grad()) < 16);
    }

    void siluAtTheEdges()
    {
        constexpr float inf = std::numeric_limits<float>::infinity();
        const at::Tensor gate = at::tensor({-200.0f, -88.0f, 0.0f, 88.0f, 200.0f, std::nanf("")}).unsqueeze(0);
        const at::Tensor y = rows::gatedSilu(gate, at::ones_like(gate), at::kFloat);
        const float* values = y.const_data_ptr<float>();
        QVERIFY(std::abs(values[0]) < 1e-30 && std::abs(values[1]) < 1e-30);
        QCOMPARE(values[2], 0.0f);
        QCOMPARE(values[3], 88.0f);
        QCOMPARE(values[4], 200.0f);
        QVERIFY(std::isnan(values[5])); // what is no number stays visible
        QVERIFY(std::isnan(
            rows::gatedSilu(gate, at::ones_like(gate), at::kBFloat16).to(at::kFloat).const_data_ptr<float>()[5]));
        QVERIFY(!rows::gatedSilu(at::full({1, 3}, inf), at::ones({1, 3}), at::kFloat).isfinite().any().item<bool>());
    }

    void rotation_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("half");
        QTest::newRow("whole") << 64 << 32;
        QTest::newRow("part of the head") << 40 << 10;
        QTest::newRow("odd rest") << 21 << 4;
    }
    void rotation()
    {
        QFETCH(int, width);
        QFETCH(int, half);
        // Queries, keys and values side by side, as a fused projection gives them.
        const at::Tensor all = at::randn({30, 5 * width}).to(at::kBFloat16);
        const at::Tensor x = all.narrow(1, width, 3 * width).view({30, 3, width});
        const at::Tensor angle = at::randn({30, 1, half}), cos = angle.cos(), sin = angle.sin();
        const at::Tensor x64 = x.to(at::kDouble), a = x64.narrow(2, 0, half), b = x64.narrow(2, half, half);
        for (const double direction : {1.0, -1.0}) {
            const at::Tensor exact = at::cat({a * cos - b * sin * direction, b * cos + a * sin * direction,
                                                 x64.narrow(2, 2 * half, width - 2 * half)},
                2);
            QVERIFY(roundings(rows::rotated(x, cos, sin, direction, at::kFloat), exact) < 16);
            QVERIFY(roundings(rows::rotated(x, cos, sin, direction, at::kBFloat16), exact) < 1);
        }
    }

    void roundsToBfloat16AsATenDoes()
    {
        const at::Tensor zeros = at::zeros({1, 4096});
        const at::Tensor x = at::randn({1, 4096}).mul_(at::randn({1, 4096}).mul_(20).exp_());
        QVERIFY(rows::rotated(x.unsqueeze(1), at::empty({1, 1, 0}), at::empty({1, 1, 0}), 1.0, at::kBFloat16)
                    .squeeze(1)
                    .equal(x.to(at::kBFloat16)));
        const at::Tensor y = x.to(at::kBFloat16);
        QVERIFY(rows::added(zeros, y).equal(y.to(at::kFloat)));
        QVERIFY(rows::added(x, y).equal(x + y));
    }

    void aRowDoesNotDependOnTheOthers()
    {
        const at::Tensor x = at::randn({300, 96}), weight = at::randn({96});
        const at::Tensor all = rows::rmsNorm(x, weight, 1e-5, at::kFloat).y;
        for (const int row : {0, 77, 299})
            QVERIFY(rows::rmsNorm(x.narrow(0, row, 1), weight, 1e-5, at::kFloat).y.squeeze(0).equal(all[row]));
    }

    void noRows()
    {
        const at::Tensor none = at::empty({0, 16});
        QCOMPARE(rows::rmsNorm(none, at::ones({16}), 1e-5, at::kFloat).y.size(0), 0);
        QCOMPARE(rows::gatedSilu(none, none, at::kFloat).size(0), 0);
    }
};

QTEST_APPLESS_MAIN(TestRowKernels)
#include "tst_row_kernels.moc"
