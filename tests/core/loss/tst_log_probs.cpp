// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

using namespace mpo;

namespace {

/// Notes the largest single allocation of this thread while it is installed.
struct LargestAllocation : c10::MemoryReportingInfoBase
{
    std::int64_t bytes = 0;
    void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override
    {
        bytes = std::max(bytes, size);
    }
    bool memoryProfilingEnabled() const override { return true; }
};

/// Answers with hidden states given beforehand.
class FixedHidden : public CausalLm
{
public:
    FixedHidden(at::Tensor hidden, at::Tensor weight)
        : CausalLm(ModelConfig())
        , m_hidden(std::move(hidden))
        , m_weight(std::move(weight))
    {
    }
    at::Tensor hidden(const PackedBatch&) const override { return m_hidden; }
    at::Tensor prefill(const PackedBatch&, KvCache&) const override { return m_hidden; }
    at::Tensor decode(const at::Tensor&, KvCache&) const override { return m_hidden; }
    KvCache makeCache() const override { throw std::logic_error("not needed"); }
    at::Tensor outputWeight() const override { return m_weight; }
    bool hasOutput() const override { return true; }
    const std::string& outputName() const override { return m_name; }
    double outputSoftCap() const override { return 0.0; }
    bool sharesPrompts(std::int64_t) const override { return true; }
    void packForDecoding() const override { }
    void unpack() const override { }
    bool outgrowsCache(std::int64_t) const override { return false; }
    NamedTensors parameters(bool) const override { return {}; }
    std::vector<Linear*> linears() override { return {}; }
    std::vector<const Linear*> linears() const override { return {}; }
    void mergeLowRanks() override { }
    std::unique_ptr<CausalLm> sharedCopy() const override { return {}; }

private:
    at::Tensor m_hidden, m_weight;
    std::string m_name;
};

double largestDifference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

at::Tensor vectorOf(const Json& values) { return at::tensor(values.get<std::vector<double>>()).to(at::kDouble); }

at::Tensor matrixOf(const Json& rows)
{
    std::vector<at::Tensor> list;
    for (const Json& row : rows)
        list.push_back(vectorOf(row));
    return at::stack(list);
}

} // namespace

class TestLogProbs : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Values, entropy and both gradients against torch.nn.functional.log_softmax in float64 (make_loss_fixture.py), in
    /// chunks of every size.
    void equalsTheGolden_data()
    {
        QTest::addColumn<int>("chunk");
        for (const int chunk : {1, 2, 3, 100, 0})
            QTest::addRow("chunk rows %d", chunk) << chunk;
    }
    void equalsTheGolden()
    {
        QFETCH(int, chunk);
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json");
        QVERIFY(golden["log_probs"].size() >= 3);
        for (const Json& expected : golden["log_probs"]) {
            const at::Tensor hidden = matrixOf(expected["hidden"]).to(at::kFloat).requires_grad_(true);
            const at::Tensor weight = matrixOf(expected["weight"]).to(at::kFloat).requires_grad_(true);
            const at::Tensor targets = at::tensor(expected["targets"].get<std::vector<std::int64_t>>());
            const double temperature = expected["temperature"].get<double>();
            const auto mine = tokenLogProbs(
                hidden, weight, targets, {.temperature = temperature, .entropy = true, .chunkRows = chunk});
            QVERIFY(!mine.entropy.requires_grad());
            (mine.logProbs * vectorOf(expected["upstream"])).sum().backward();
            COMPARE_NEAR(largestDifference(mine.logProbs, vectorOf(expected["log_probs"])), 0.0, 1e-5);
            COMPARE_NEAR(largestDifference(mine.entropy, vectorOf(expected["entropy"])), 0.0, 1e-5);
            COMPARE_NEAR(largestDifference(hidden.grad(), matrixOf(expected["hidden_gradient"])), 0.0, 1e-5);
            COMPARE_NEAR(largestDifference(weight.grad(), matrixOf(expected["weight_gradient"])), 0.0, 1e-5);
        }
    }

    /// LibTorch's own log_softmax over the whole matrix, in double, as a second independent source.
    void equalsPlainAutograd_data()
    {
        QTest::addColumn<int>("chunk");
        QTest::addColumn<double>("temperature");
        QTest::newRow("one row at a time") << 1 << 1.0;
        QTest::newRow("chunks that do not divide") << 4 << 0.7;
        QTest::newRow("all at once") << 100 << 1.3;
    }
    void equalsPlainAutograd()
    {
        QFETCH(int, chunk);
        QFETCH(double, temperature);
        at::manual_seed(1);
        const at::Tensor hidden = at::randn({11, 6}).requires_grad_(true),
                         weight = at::randn({17, 6}).requires_grad_(true);
        const at::Tensor targets = at::randint(17, {11}, at::kLong), scale = at::randn({11});
        const auto mine = tokenLogProbs(hidden, weight, targets, {.temperature = temperature, .chunkRows = chunk});
        QVERIFY(!mine.entropy.defined());
        (mine.logProbs * scale).sum().backward();

        const at::Tensor h = hidden.detach().to(at::kDouble).requires_grad_(true);
        const at::Tensor w = weight.detach().to(at::kDouble).requires_grad_(true);
        const at::Tensor theirs
            = (h.matmul(w.t()) / temperature).log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
        (theirs * scale.to(at::kDouble)).sum().backward();
        COMPARE_NEAR(largestDifference(mine.logProbs, theirs), 0.0, 1e-5);
        COMPARE_NEAR(largestDifference(hidden.grad(), h.grad()), 0.0, 1e-5);
        COMPARE_NEAR(largestDifference(weight.grad(), w.grad()), 0.0, 1e-5);
    }

    void gradientOnlyWhereAsked()
    {
        at::manual_seed(2);
        const at::Tensor hidden = at::randn({5, 3}).requires_grad_(true), weight = at::randn({9, 3});
        tokenLogProbs(hidden, weight, at::arange(5)).logProbs.sum().backward();
        QVERIFY(hidden.grad().defined());
        QVERIFY(!weight.grad().defined());
        const at::Tensor constant = at::randn({5, 3}), head = at::randn({9, 3}).requires_grad_(true);
        tokenLogProbs(constant, head, at::arange(5)).logProbs.sum().backward();
        QVERIFY(head.grad().defined());
        QVERIFY(!tokenLogProbs(constant, weight, at::arange(5)).logProbs.requires_grad());
    }

    /// Large logits must not overflow: the target holds all the probability, or none.
    void largeLogitsStayFinite()
    {
        const at::Tensor hidden = at::full({2, 1}, 500.0f), weight = at::tensor({1.0f, -1.0f}).unsqueeze(1);
        const auto result = tokenLogProbs(hidden, weight, at::tensor({0, 1}, at::kLong), {.entropy = true});
        COMPARE_NEAR(result.logProbs[0].item<double>(), 0.0, 0.0);
        COMPARE_NEAR(result.logProbs[1].item<double>(), -1000.0, 1e-3);
        COMPARE_NEAR(result.entropy.abs().max().item<double>(), 0.0, 1e-30);
    }

    void bfloat16StaysNearFloat32()
    {
        at::manual_seed(3);
        const at::Tensor hidden = at::randn({40, 32}).requires_grad_(true);
        const at::Tensor weight = (at::randn({60, 32}) / 6).requires_grad_(true);
        const at::Tensor targets = at::randint(60, {40}, at::kLong);
        const auto half
            = tokenLogProbs(hidden, weight, targets, {.chunkRows = 7, .computeType = ComputeType::BFloat16});
        QCOMPARE(half.logProbs.scalar_type(), at::kFloat);
        half.logProbs.sum().backward();
        const at::Tensor hiddenHalf = hidden.grad().clone(), weightHalf = weight.grad().clone();
        hidden.mutable_grad().reset();
        weight.mutable_grad().reset();
        const auto full = tokenLogProbs(hidden, weight, targets);
        full.logProbs.sum().backward();
        // bf16 keeps 8 bits: about 0.4 % of logits of size 3
        COMPARE_NEAR(largestDifference(half.logProbs, full.logProbs), 0.0, 0.06);
        COMPARE_NEAR(
            (hiddenHalf - hidden.grad()).norm().item<double>(), 0.0, 0.02 * hidden.grad().norm().item<double>());
        COMPARE_NEAR(
            (weightHalf - weight.grad()).norm().item<double>(), 0.0, 0.02 * weight.grad().norm().item<double>());
        QCOMPARE(weight.grad().scalar_type(), at::kFloat);
    }

    void chunkOfLogitsStaysBelow64MiB()
    {
        for (const std::int64_t vocabulary : {1, 100, 32000, 50257, 151936, 262144})
            QVERIFY(logProbChunkRows(vocabulary) * vocabulary * 4 <= (std::int64_t(64) << 20));
        QCOMPARE(logProbChunkRows(1), std::int64_t(4096));
        QCOMPARE(logProbChunkRows(std::int64_t(1) << 24), std::int64_t(16)); // never so few that the GEMM starves
        QCOMPARE(logProbChunkRows(50257, 5), std::int64_t(5));
    }

    /// Forward and backward never hold the whole (R, V) matrix: the largest allocation is one chunk of it.
    void wholeMatrixNeverExists()
    {
        constexpr std::int64_t rows = 600, vocabulary = 2000, width = 8, chunk = 50;
        at::manual_seed(4);
        const at::Tensor hidden = at::randn({rows, width}).requires_grad_(true);
        const at::Tensor weight = at::randn({vocabulary, width}).requires_grad_(true);
        const at::Tensor targets = at::randint(vocabulary, {rows}, at::kLong);
        const auto largest = std::make_shared<LargestAllocation>();
        {
            const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, largest);
            tokenLogProbs(hidden, weight, targets, {.entropy = true, .chunkRows = chunk}).logProbs.sum().backward();
        }
        QCOMPARE(largest->bytes, chunk * vocabulary * 4);
        QVERIFY(weight.grad().defined());
    }

    void noRows()
    {
        const at::Tensor hidden = at::zeros({0, 4}).requires_grad_(true),
                         weight = at::randn({7, 4}).requires_grad_(true);
        const auto result = tokenLogProbs(hidden, weight, at::zeros({0}, at::kLong), {.entropy = true});
        QCOMPARE(result.logProbs.numel(), std::int64_t(0));
        result.logProbs.sum().backward();
        COMPARE_NEAR(weight.grad().abs().sum().item<double>(), 0.0, 0.0);
    }

    /// Sums and counts of each response, also of one without a token; prompt tokens do not enter.
    void responsesAreSummedByThemselves()
    {
        at::manual_seed(5);
        PackedBatchBuilder builder;
        const std::int64_t prompt = builder.add(TokenIds {1, 2, 3});
        const std::int64_t responses[] = {
            builder.add(TokenIds {4, 5}, prompt), builder.add(TokenIds {}, prompt), builder.add(TokenIds {6}, prompt)};
        const FixedHidden model(at::randn({6, 4}).requires_grad_(true), at::randn({8, 4}));
        const auto result = responseLogProbs(model, builder.build(), responses);
        const at::Tensor all = model.hidden({}).matmul(model.outputWeight().t()).log_softmax(-1);
        const at::Tensor sums = result.summed(), counts = result.counts();
        // 4 is predicted by the prompt's last row (2), 5 by the row of 4 (3), 6 by row 2 again.
        COMPARE_NEAR(sums[0].item<double>(), (all[2][4] + all[3][5]).item<double>(), 1e-5);
        COMPARE_NEAR(sums[1].item<double>(), 0.0, 0.0);
        COMPARE_NEAR(sums[2].item<double>(), all[2][6].item<double>(), 1e-5);
        QVERIFY(counts.equal(at::tensor({2.0f, 0.0f, 1.0f})));
        QVERIFY(sums.requires_grad() && !counts.requires_grad());
    }
};

QTEST_GUILESS_MAIN(TestLogProbs)
#include "tst_log_probs.moc"
