// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/ppo_loss.h"
#include "core/rl/rloo.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <numeric>

using namespace mpo;

namespace {

std::vector<double> sumsOf(const Json& lists)
{
    std::vector<double> sums;
    for (const Json& list : lists) {
        const auto values = list.get<std::vector<double>>();
        sums.push_back(std::accumulate(values.begin(), values.end(), 0.0));
    }
    return sums;
}

} // namespace

/// Against the paper's definition and TRL's loss (tests/fixtures/rl/make_rloo_fixture.py), and numbers worked by hand.
class TestRloo : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void advantagesAndLossEqualTrl()
    {
        const Json golden = readJsonFile(std::filesystem::path(MPO_FIXTURES) / "rl/rloo.json");
        QVERIFY(golden["cases"].size() >= 3);
        for (const Json& row : golden["cases"]) {
            std::vector<RolloutSequence> sequences;
            for (std::size_t i = 0; i < row["logprobs"].size(); ++i) {
                const auto logProbs = row["logprobs"][i].get<std::vector<double>>();
                sequences.push_back({logProbs, row["ref_logprobs"][i].get<std::vector<double>>(),
                    std::vector<double>(logProbs.size()), row["scores"][i].get<double>()});
            }
            AdvantageOptions options;
            options.klCoefficient = row["kl_coef"].get<double>();
            const AdvantageResult result = rlooAdvantages(sequences, row["group"].get<std::int64_t>(), options);
            std::vector<double> ofSequences;
            std::size_t token = 0;
            for (std::size_t i = 0; i < sequences.size(); ++i) {
                ofSequences.push_back(result.advantages[token]);
                for (std::size_t t = 0; t < sequences[i].logProbs.size(); ++t, ++token)
                    COMPARE_NEAR(result.advantages[token], row["advantages"][i].get<double>(), 1e-12);
            }
            QCOMPARE(token, result.advantages.size());
            QVERIFY(result.whitened == result.advantages && result.returns.empty());

            const at::Tensor now = at::tensor(sumsOf(row["new_logprobs"])).requires_grad_(true);
            const PolicyLoss loss = ppoPolicyLoss(now, at::tensor(sumsOf(row["logprobs"])), at::tensor(ofSequences),
                {row["cliprange"].get<double>(), 0.2});
            loss.loss.backward();
            COMPARE_NEAR(loss.loss.item<double>(), row["loss"].get<double>(), 1e-9);
            COMPARE_NEAR(loss.clipFraction, row["clipped"].get<double>(), 1e-6);
            for (std::size_t i = 0; i < sequences.size(); ++i)
                COMPARE_NEAR(now.grad()[std::int64_t(i)].item<double>(), row["gradient"][i].get<double>(), 1e-9);
        }
    }

    /// Two prompts with two responses each; kl 1 nat on the first response, coefficient 0.5.
    void byHand()
    {
        const std::vector<RolloutSequence> sequences {{{-1.0, -1.0}, {-1.5, -1.5}, {0, 0}, 3.0},
            {{-2.0}, {-2.0}, {0}, 1.0}, {{-1.0}, {-1.0}, {0}, 4.0}, {{-1.0, -1.0}, {-1.0, -1.0}, {0, 0}, 4.0}};
        AdvantageOptions options;
        options.klCoefficient = 0.5;
        const AdvantageResult result = rlooAdvantages(sequences, 2, options);
        QCOMPARE(result.advantages, (std::vector<double> {1.5, 1.5, -1.5, 0.0, 0.0, 0.0}));
        QCOMPARE(result.rewards, (std::vector<double> {-0.25, 2.75, 1.0, 4.0, 0.0, 4.0}));
        COMPARE_NEAR(result.meanKl, 0.25, 1e-12);
    }

    /// A response without a token is part of the baseline of the others.
    void emptyResponses()
    {
        const std::vector<RolloutSequence> sequences {{{}, {}, {}, 2.0}, {{-1.0}, {-1.0}, {0}, 5.0}};
        QCOMPARE(rlooAdvantages(sequences, 2, {}).advantages, std::vector<double> {3.0});
        QVERIFY(rlooAdvantages({}, 2, {}).advantages.empty());
    }
};

QTEST_GUILESS_MAIN(TestRloo)
#include "tst_rloo.moc"
