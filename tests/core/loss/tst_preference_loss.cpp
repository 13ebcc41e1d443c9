// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/settings.h"
#include "core/loss/preference_loss.h"
#include "core/support/error.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

using namespace mpo;

namespace {

at::Tensor vectorOf(const Json& values) { return at::tensor(values.get<std::vector<double>>()).to(at::kFloat); }

PairLogProbs pairOf(const Json& sides) { return {vectorOf(sides["chosen"]), vectorOf(sides["rejected"])}; }

/// |a - b| of each entry, in units of max(1, |b|).
double worstError(const at::Tensor& a, const Json& expected)
{
    const at::Tensor b = at::tensor(expected.get<std::vector<double>>()).to(at::kDouble);
    return ((a - b).abs() / b.abs().clamp_min(1.0)).max().item<double>();
}

PreferenceLossInput pairWithMargin(double margin)
{
    PreferenceLossInput input;
    input.policy = {at::tensor({-5.0f + float(margin) / 2}), at::tensor({-7.0f - float(margin) / 2})};
    input.reference = {at::tensor({-5.0f}), at::tensor({-7.0f})};
    input.tokens = {at::tensor({2.0f}), at::tensor({2.0f})};
    return input;
}

/// A loss, its rewards and the gradients of the policy against what the golden file has.
void compareWithGolden(const PairLoss& result, const PreferenceLossInput& input, const Json& expected)
{
    result.loss.sum().backward();
    COMPARE_NEAR(worstError(result.loss, expected["loss"]), 0.0, 1e-5);
    COMPARE_NEAR(worstError(result.chosenRewards, expected["chosen_rewards"]), 0.0, 1e-5);
    COMPARE_NEAR(worstError(result.rejectedRewards, expected["rejected_rewards"]), 0.0, 1e-5);
    COMPARE_NEAR(worstError(input.policy.chosen.grad(), expected["chosen_gradient"]), 0.0, 1e-5);
    COMPARE_NEAR(worstError(input.policy.rejected.grad(), expected["rejected_gradient"]), 0.0, 1e-5);
}

} // namespace

class TestPreferenceLoss : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Loss, implicit rewards and gradients that TRL computes from the same log-probs (make_loss_fixture.py).
    void equalsTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json")["preference"];
        QVERIFY(golden["cases"].size() >= 8);
        for (const Json& expected : golden["cases"]) {
            PreferenceLossInput input {pairOf(golden["policy"]), pairOf(golden["reference"]), pairOf(golden["tokens"])};
            input.policy.chosen.requires_grad_(true);
            input.policy.rejected.requires_grad_(true);
            const auto name = expected["loss_name"].get<std::string>();
            const PairLoss result = preferenceLoss(findPreferenceLoss(name), input,
                {expected["beta"].get<double>(), expected["label_smoothing"].get<double>()});
            compareWithGolden(result, input, expected);
            if (QTest::currentTestFailed())
                return;
            QVERIFY(!result.chosenRewards.requires_grad() && !result.rejectedRewards.requires_grad());
        }
    }

    /// The mean over a batch and its gradients, for the losses that came later; some of them compare pairs of a batch.
    void batchesEqualTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json")["batches"];
        QVERIFY(golden["cases"].size() >= 28);
        for (const Json& expected : golden["cases"]) {
            PreferenceLossInput input {pairOf(golden["policy"]), pairOf(golden["reference"]), pairOf(golden["tokens"])};
            input.policy.chosen.requires_grad_(true);
            input.policy.rejected.requires_grad_(true);
            const PairLoss result = preferenceLoss(findPreferenceLoss(expected["loss_name"].get<std::string>()), input,
                {expected["beta"].get<double>(), expected["label_smoothing"].get<double>()});
            const at::Tensor mean = result.loss.mean();
            mean.backward();
            QCOMPARE(result.loss.size(0), 4);
            COMPARE_NEAR(mean.item<double>(), expected["loss"].get<double>(), 1e-5);
            COMPARE_NEAR(worstError(input.policy.chosen.grad(), expected["chosen_gradient"]), 0.0, 1e-5);
            const at::Tensor rejected = input.policy.rejected.grad();
            COMPARE_NEAR(
                worstError(rejected.defined() ? rejected : at::zeros({4}), expected["rejected_gradient"]), 0.0, 1e-5);
        }
    }

    /// The losses that have no reference, which is not even given.
    void withoutReferenceEqualsTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "loss/loss.json")["reference_free"];
        QVERIFY(golden["cases"].size() >= 5);
        for (const Json& expected : golden["cases"]) {
            PreferenceLossInput input {pairOf(golden["policy"]), {}, pairOf(golden["tokens"])};
            input.policy.chosen.requires_grad_(true);
            input.policy.rejected.requires_grad_(true);
            const PreferenceLoss& loss = findPreferenceLoss(expected["loss_name"].get<std::string>());
            QVERIFY(loss.referenceFree);
            const PairLoss result
                = preferenceLoss(loss, input, {expected["beta"].get<double>(), 0.0, expected["gamma"].get<double>()});
            compareWithGolden(result, input, expected);
            if (QTest::currentTestFailed())
                return;
            QVERIFY(!result.chosenRewards.requires_grad());
        }
    }

    /// Odds of a response that is certain have no end.
    void certainResponsesStayFinite()
    {
        PreferenceLossInput input = pairWithMargin(0.0);
        input.policy.chosen = at::tensor({0.0f}).requires_grad_(true);
        const PairLoss result = preferenceLoss(findPreferenceLoss("orpo"), input, {0.1, 0.0});
        result.loss.sum().backward();
        QVERIFY(result.loss.isfinite().all().item<bool>() && input.policy.chosen.grad().isfinite().all().item<bool>());
    }

    void byHand_data()
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
        QTest::newRow("robust at the start: ln 2") << QByteArray("robust") << 0.1 << 0.0 << 0.6931471805599453;
        QTest::newRow("robust goes below 0") << QByteArray("robust") << 0.1 << 80.0 << -0.9996645936;
        QTest::newRow("sppo at the start: 1 / (2 beta^2)") << QByteArray("sppo_hard") << 0.0 << 0.0 << 50.0;
        QTest::newRow("apo_zero at the start") << QByteArray("apo_zero") << 0.0 << 0.0 << 1.0;
        QTest::newRow("apo_down at the start") << QByteArray("apo_down") << 0.0 << 0.0 << 1.0;
        QTest::newRow("bco at the start: 2 ln 2") << QByteArray("bco_pair") << 0.0 << 0.0 << 1.3862943611198906;
        QTest::newRow("nca at the start: 2 ln 2") << QByteArray("nca_pair") << 0.0 << 0.0 << 1.3862943611198906;
        QTest::newRow("sft: -(-5) / 2 tokens") << QByteArray("sft") << 0.0 << 0.0 << 2.5;
    }
    void byHand()
    {
        QFETCH(QByteArray, loss);
        QFETCH(double, smoothing);
        QFETCH(double, margin);
        QFETCH(double, expected);
        const PairLoss result
            = preferenceLoss(findPreferenceLoss(loss.toStdString()), pairWithMargin(margin), {0.1, smoothing});
        COMPARE_NEAR(result.loss.item<double>(), expected, 2e-5);
        COMPARE_NEAR(result.chosenRewards.item<double>() - result.rejectedRewards.item<double>(), 0.1 * margin, 1e-5);
    }

    /// A naive log(1 / (1 + exp(-z))) is infinite here.
    void farMarginsStayFinite()
    {
        const PreferenceLoss& sigmoid = findPreferenceLoss("sigmoid");
        COMPARE_NEAR(preferenceLoss(sigmoid, pairWithMargin(-4000), {0.1, 0.0}).loss.item<double>(), 400.0, 1e-3);
        COMPARE_NEAR(preferenceLoss(sigmoid, pairWithMargin(4000), {0.1, 0.0}).loss.item<double>(), 0.0, 1e-6);
        COMPARE_NEAR(preferenceLoss(sigmoid, pairWithMargin(4000), {0.1, 0.2}).loss.item<double>(), 80.0, 1e-3);
    }

    void responseWithoutTokensGivesNoNan()
    {
        PreferenceLossInput input = pairWithMargin(0.0);
        input.tokens.rejected = at::tensor({0.0f});
        input.policy.rejected = input.reference.rejected = at::tensor({0.0f});
        for (const PreferenceLoss& loss : preferenceLosses())
            QVERIFY(preferenceLoss(loss, input, {0.1, 0.1}).loss.isfinite().all().item<bool>());
    }

    /// Adding the same to policy and reference of a response changes nothing: only log-ratios enter.
    void onlyLogRatiosEnter()
    {
        for (const PreferenceLoss& loss : preferenceLosses()) {
            if (loss.name == "sft" || loss.referenceFree)
                continue;
            const PreferenceLossOptions options {0.1, 0.1};
            PreferenceLossInput input = pairWithMargin(1.0);
            const double before = preferenceLoss(loss, input, options).loss.item<double>();
            input.policy.chosen = input.policy.chosen - 3.0;
            input.reference.chosen = input.reference.chosen - 3.0;
            COMPARE_NEAR(preferenceLoss(loss, input, options).loss.item<double>(), before, 1e-5);
        }
    }

    /// A setting cannot see this table, so it has the names again.
    void theSettingHasTheseNames()
    {
        std::vector<std::string_view> names;
        for (const PreferenceLoss& loss : preferenceLosses())
            names.push_back(loss.name);
        for (const SettingInfo& info : settingInfos(StageKind::Dpo))
            if (info.name == "loss")
                QVERIFY(info.choices == names);
    }

    void smoothingIsRefusedWhereItIsNotRead()
    {
        const auto problems = [](const char* loss, double smoothing) {
            Settings settings(StageKind::Dpo);
            settings.set("loss", std::string(loss));
            settings.set("label_smoothing", smoothing);
            return settings.problems().size();
        };
        for (const char* loss : {"sigmoid", "robust", "exo_pair", "aot", "aot_unpaired"})
            QCOMPARE(problems(loss, 0.1), std::size_t(0));
        for (const char* loss : {"ipo", "hinge", "apo_zero", "sigmoid_norm", "simpo", "orpo"})
            QCOMPARE(problems(loss, 0.1), std::size_t(1));
        QCOMPARE(problems("exo_pair", 0.0), std::size_t(1));
        QCOMPARE(problems("robust", 0.0), std::size_t(0));
    }

    void everyNameIsFoundAndAnUnknownOneNamesThem()
    {
        for (const PreferenceLoss& loss : preferenceLosses()) {
            QCOMPARE(&findPreferenceLoss(loss.name), &loss);
            QVERIFY(!loss.description.empty());
        }
        try {
            findPreferenceLoss("kto");
            QFAIL("an unknown loss was found");
        } catch (const Error& error) {
            for (const PreferenceLoss& loss : preferenceLosses())
                QVERIFY2(std::string(error.what()).find(loss.name) != std::string::npos, error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestPreferenceLoss)
#include "tst_preference_loss.moc"
