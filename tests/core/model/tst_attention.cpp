// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/attention.h"
#include "core/model/blocks/kv_cache.h"
#include "core/model/blocks/packed_weight.h"
#include "core/model/blocks/rms_norm.h"
#include "core/model/blocks/rotary.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

using namespace mpo;

Q_DECLARE_METATYPE(std::vector<mpo::Segment>)

/// Every block against the plain formula, written out with broad operators in double.
class TestAttention : public QObject
{
    Q_OBJECT

    static double distance(const at::Tensor& a, const at::Tensor& b)
    {
        return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
    }

    static at::Tensor leaf(std::vector<std::int64_t> shape) { return at::randn(shape).requires_grad_(); }

    /// softmax(q k / sqrt(W) + mask) v over the whole batch, with one mask that says who sees whom.
    static at::Tensor plain(
        const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments)
    {
        const std::int64_t N = q.size(0), group = q.size(1) / k.size(1);
        at::Tensor sees = at::zeros({N, N}, at::kBool);
        for (const Segment& s : segments)
            for (std::int64_t i = 0; i < s.length; ++i) {
                sees[s.begin + i].narrow(0, s.begin, i + 1).fill_(true);
                if (s.prefix >= 0)
                    sees[s.begin + i]
                        .narrow(0, segments[std::size_t(s.prefix)].begin, segments[std::size_t(s.prefix)].length)
                        .fill_(true);
            }
        const auto heads = [](const at::Tensor& x) { return x.to(at::kDouble).transpose(0, 1); };
        const at::Tensor scores
            = heads(q).matmul(heads(k).repeat_interleave(group, 0).transpose(1, 2)) / std::sqrt(double(q.size(2)));
        const at::Tensor shares = scores.masked_fill(sees.logical_not(), -INFINITY).softmax(-1);
        return shares.matmul(heads(v).repeat_interleave(group, 0)).transpose(0, 1).reshape({N, -1});
    }

private Q_SLOTS:
    void init() { at::manual_seed(3); }

    void cachedAttentionEqualsTheMaskedOperator_data()
    {
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("window");
        QTest::addColumn<double>("softCap");
        QTest::newRow("three heads a group") << 9 << 3 << 64 << 0 << 0.0;
        QTest::newRow("five, a width between") << 5 << 1 << 24 << 0 << 0.0;
        QTest::newRow("less than a register") << 4 << 2 << 8 << 0 << 0.0;
        QTest::newRow("window") << 4 << 4 << 32 << 5 << 0.0;
        QTest::newRow("soft cap") << 8 << 2 << 16 << 0 << 3.0;
    }
    void cachedAttentionEqualsTheMaskedOperator()
    {
        QFETCH(int, heads);
        QFETCH(int, kvHeads);
        QFETCH(int, width);
        QFETCH(int, window);
        QFETCH(double, softCap);
        const std::vector<std::int64_t> lengths {1, 40, 17, 33};
        const at::Tensor q = at::randn({4, heads, width}) * 3.0;
        const at::Tensor storage = at::randn({2, 4, kvHeads, 50, width}); // more room than is used
        const at::Tensor keys = storage[0].narrow(2, 0, 40), values = storage[1].narrow(2, 0, 40);
        const AttentionOptions options {.window = window, .softCap = softCap};
        const at::Tensor last = at::tensor(lengths).unsqueeze(1) - 1, place = at::arange(40).unsqueeze(0);
        at::Tensor hidden = place > last;
        if (window > 0)
            hidden = hidden.logical_or(place <= last - window);
        const at::Tensor mask
            = at::zeros({4, 40}).masked_fill(hidden, -INFINITY).unsqueeze(1).unsqueeze(1); // (B, 1, 1, T)
        const at::Tensor wanted = cachedAttentionByMask(
            q.to(at::kDouble), keys.to(at::kDouble), values.to(at::kDouble), mask.to(at::kDouble), options);
        QVERIFY(distance(cachedAttention(q, keys, values, lengths, options), wanted) < 1e-5);
    }

    void packedWeightEqualsTheProduct_data()
    {
        QTest::addColumn<int>("inputs");
        QTest::addColumn<int>("outputs");
        QTest::newRow("whole panels") << 64 << 128;
        QTest::newRow("a panel begun") << 33 << 50;
        QTest::newRow("smaller than a panel") << 7 << 3;
        QTest::newRow("groups of panels left over") << 16 << 16 * 13 + 1;
    }
    /// For each number of rows there is a kernel of its own; a row's result is the same in all of them.
    void packedWeightEqualsTheProduct()
    {
        QFETCH(int, inputs);
        QFETCH(int, outputs);
        Linear first, second;
        first.weight = at::randn({outputs, inputs});
        second.weight = at::randn({inputs, 21}); // as GPT-2 has it, with a bias and an adapter
        second.transposed = true;
        second.bias = at::randn({21});
        second.lowRank = LowRank {at::randn({2, inputs}), at::randn({21, 2}), 0.5, 0.0, nullptr};
        for (const ComputeType type : {ComputeType::Float32, ComputeType::BFloat16}) {
            const auto packed = PackedWeight::make({&first, &second}, type);
            if (!packed)
                QSKIP("this processor has no instructions for it");
            const at::Tensor x = at::randn({37, inputs});
            const auto exact = [&](const at::Tensor& t) { return t.to(scalarType(type)).to(at::kDouble); };
            const at::Tensor change = second.lowRank->b.matmul(second.lowRank->a) * 0.5;
            const at::Tensor wanted = at::cat({exact(x).matmul(exact(first.weight).t()),
                                                  exact(x).matmul(exact(second.weight.t() + change).t()) + second.bias},
                1);
            const at::Tensor all = (*packed)(x);
            // The sum of products in fp32; a weight on the edge of two bf16 numbers may round either way.
            QVERIFY(
                ((all - wanted).norm() / wanted.norm()).item<double>() < (type == ComputeType::Float32 ? 1e-6 : 1e-4));
            for (std::int64_t rows = 1; rows <= 37; ++rows)
                QVERIFY(at::equal((*packed)(x.narrow(0, 0, rows)), all.narrow(0, 0, rows)));
        }
    }

    void packedAttentionEqualsTheFormula_data()
    {
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("bySegment");
        QTest::addColumn<std::vector<Segment>>("segments");
        // Two pairs with an empty response among them, a lone segment, a segment with an empty prefix; 70 rows: more
        // than one block of queries and one panel of keys.
        const std::vector<Segment> many {{0, 5, -1}, {5, 7, 0}, {12, 3, 0}, {15, 40, -1}, {55, 1, 3}, {56, 0, 3},
            {56, 70, -1}, {126, 0, -1}, {126, 4, 7}};
        // More keys than are looked at together, in the prefix and in the segment itself.
        const std::vector<Segment> longOnes {{0, 300, -1}, {300, 290, 0}, {590, 5, 0}};
        QTest::newRow("grouped") << 6 << 2 << 8 << false << many;
        QTest::newRow("one key head") << 3 << 1 << 64 << false << many;
        QTest::newRow("as many key heads") << 4 << 4 << 20 << false << many;
        QTest::newRow("long") << 4 << 2 << 80 << false << longOnes;
        QTest::newRow("public operator") << 6 << 2 << 8 << true << many;
    }
    void packedAttentionEqualsTheFormula()
    {
        QFETCH(int, heads);
        QFETCH(int, kvHeads);
        QFETCH(int, width);
        QFETCH(bool, bySegment);
        QFETCH(std::vector<Segment>, segments);
        const std::int64_t N = segments.back().begin + segments.back().length;
        const at::Tensor q = leaf({N, heads, width}), k = leaf({N, kvHeads, width}), v = leaf({N, kvHeads, width});
        const at::Tensor weights = at::randn({N, heads * width});
        const auto attended = [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
            return bySegment ? packedAttentionBySegment(q, k, v, segments) : packedAttention(q, k, v, segments);
        };

        const at::Tensor ours = attended(q, k, v);
        const at::Tensor formula = plain(q, k, v, segments);
        COMPARE_NEAR(distance(ours, formula), 0.0, 1e-5);
        const auto gradients = torch::autograd::grad({(ours * weights).sum()}, {q, k, v});
        const auto expected = torch::autograd::grad({(formula * weights.to(at::kDouble)).sum()}, {q, k, v});
        for (std::size_t i = 0; i < 3; ++i)
            COMPARE_NEAR(distance(gradients[i], expected[i]) / expected[i].abs().max().item<double>(), 0.0, 5e-6);

        // In bf16 every number is within its rounding; entries of a row may lie in a wider one.
        const auto half = [](const at::Tensor& x) {
            return at::cat({x, x}, 1).detach().to(at::kBFloat16).narrow(1, 0, x.size(1)).requires_grad_();
        };
        const at::Tensor q16 = half(q), k16 = half(k), v16 = half(v);
        const at::Tensor rounded = attended(q16, k16, v16);
        QCOMPARE(rounded.scalar_type(), at::kBFloat16);
        const at::Tensor formula16 = plain(q16, k16, v16, segments);
        QVERIFY(distance(rounded, formula16) < 0.01 * formula16.abs().max().item<double>());
        const auto gradients16 = torch::autograd::grad({(rounded * weights.to(at::kBFloat16)).sum()}, {q16, k16, v16});
        const auto expected16 = torch::autograd::grad({(formula16 * weights.to(at::kDouble)).sum()}, {q16, k16, v16});
        for (std::size_t i = 0; i < 3; ++i)
            QVERIFY(distance(gradients16[i], expected16[i]) < 0.02 * expected16[i].abs().max().item<double>());
    }

    void packedAttentionIsTheSameWithAnyNumberOfThreads()
    {
        const std::vector<Segment> segments {{0, 90, -1}, {90, 70, 0}, {160, 33, 0}, {193, 200, -1}};
        const at::Tensor q = leaf({393, 6, 32}), k = leaf({393, 2, 32}), v = leaf({393, 2, 32});
        const auto all = [&](int threads) {
            at::set_num_threads(threads);
            const at::Tensor out = packedAttention(q, k, v, segments);
            auto results = torch::autograd::grad({out.square().sum()}, {q, k, v});
            results.push_back(out);
            return results;
        };
        const int before = at::get_num_threads();
        const auto one = all(1), three = all(3);
        at::set_num_threads(before);
        for (std::size_t i = 0; i < one.size(); ++i)
            QVERIFY(at::equal(one[i], three[i]));
    }

    void rmsNormEqualsTheFormula()
    {
        const at::Tensor x = leaf({9, 16}), weight = leaf({16}), g = at::randn({9, 16});
        const at::Tensor ours = rmsNorm(x, weight, 1e-3, at::kFloat);
        const at::Tensor formula = x / (x.square().mean(-1, true) + 1e-3).sqrt() * weight;
        COMPARE_NEAR(distance(ours, formula), 0.0, 1e-5);
        const auto gradients = torch::autograd::grad({(ours * g).sum()}, {x, weight});
        const auto expected = torch::autograd::grad({(formula * g).sum()}, {x, weight});
        COMPARE_NEAR(distance(gradients[0], expected[0]), 0.0, 1e-5);
        COMPARE_NEAR(distance(gradients[1], expected[1]), 0.0, 1e-5);
        QCOMPARE(rmsNorm(x, weight, 1e-3, at::kBFloat16).scalar_type(), at::kBFloat16);
    }

    void rotationEqualsComplexMultiplication()
    {
        const at::Tensor x = leaf({4, 3, 8}), positions = at::tensor({0, 1, 7, 300}).to(at::kLong);
        RotaryOptions options;
        options.width = 8;
        options.theta = 100.0;
        const at::Tensor ours = rotate(x, RotaryPositions(options).angles(positions, {}), at::kFloat);
        at::Tensor expected = at::empty_like(x);
        for (int n = 0; n < 4; ++n)
            for (int h = 0; h < 3; ++h)
                for (int i = 0; i < 4; ++i) {
                    const double angle = positions[n].item<double>() * std::pow(100.0, -2.0 * i / 8.0);
                    const double a = x[n][h][i].item<double>(), b = x[n][h][i + 4].item<double>();
                    expected.detach()[n][h][i] = a * std::cos(angle) - b * std::sin(angle);
                    expected.detach()[n][h][i + 4] = a * std::sin(angle) + b * std::cos(angle);
                }
        COMPARE_NEAR(distance(ours, expected), 0.0, 1e-4); // fp32 angle of position 300
        // A rotation keeps lengths, so |rotate(x)|^2 has the gradient 2 x.
        COMPARE_NEAR(distance(torch::autograd::grad({ours.square().sum()}, {x})[0], 2 * x), 0.0, 1e-5);
    }

    void cacheGrowsDropsAndRepeatsRows()
    {
        KvCache cache(1, 2, 4);
        const std::vector<std::int64_t> lengths {3, 1, 2, 5};
        cache.addRows(lengths, 1);
        std::vector<at::Tensor> keys, values; // what each row should hold: (T, 2, 4)
        for (std::size_t row = 0; row < lengths.size(); ++row) {
            keys.push_back(at::randn({lengths[row], 2, 4}));
            values.push_back(at::randn({lengths[row], 2, 4}));
            cache.setPrompt(0, std::int64_t(row), keys[row], values[row]);
        }
        const auto append = [&] {
            const at::Tensor k = at::randn({cache.rows(), 2, 4}), v = at::randn({cache.rows(), 2, 4});
            cache.append(0, k, v);
            for (std::size_t row = 0; row < keys.size(); ++row) {
                keys[row] = at::cat({keys[row], k[std::int64_t(row)].unsqueeze(0)});
                values[row] = at::cat({values[row], v[std::int64_t(row)].unsqueeze(0)});
            }
            const at::Tensor mask = cache.attentionMask();
            bool same = true;
            for (std::size_t row = 0; row < keys.size(); ++row) {
                const auto r = std::int64_t(row);
                const std::int64_t length = keys[row].size(0);
                same = same && mask[r].sum().item<std::int64_t>() == length
                    && cache.positions()[r].item<std::int64_t>() == length - 1
                    && at::equal(cache.keys(0)[r].narrow(1, 0, length), keys[row].transpose(0, 1))
                    && at::equal(cache.values(0)[r].narrow(1, 0, length), values[row].transpose(0, 1));
            }
            cache.advance();
            return same;
        };
        const auto keep = [&](const std::vector<std::int64_t>& rows) {
            cache.keepRows(rows);
            std::vector<at::Tensor> k, v;
            for (const std::int64_t row : rows) {
                k.push_back(keys[std::size_t(row)]);
                v.push_back(values[std::size_t(row)]);
            }
            keys = k;
            values = v;
        };
        for (int step = 0; step < 9; ++step)
            QVERIFY(append()); // grows twice
        keep({0, 3, 2}); // row 3 fills the gap, in place
        QVERIFY(append());
        keep({2, 0}); // another order
        QVERIFY(append());
        cache.repeatRows(2);
        keys = {keys[0], keys[0], keys[1], keys[1]};
        values = {values[0], values[0], values[1], values[1]};
        QVERIFY(append() && append());
        QCOMPARE(cache.rows(), std::int64_t(4));
    }
};

QTEST_GUILESS_MAIN(TestAttention)
#include "tst_attention.moc"
