// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/reward_loss.h"
#include "core/stage/pair_batch.h"
#include "core/stage/run_identity.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"

#include <ATen/ATen.h>

namespace mpo {

namespace {

struct BatchScores
{
    at::Tensor chosen, rejected; ///< (B)
};

BatchScores scoresOf(const Model& model, std::span<const TokenizedPair> pairs, std::span<const std::int64_t> numbers)
{
    const PairBatch batch = pairBatch(*model.trunk, pairs, numbers);
    const std::vector<std::int64_t> segments = batch.responses();
    const at::Tensor all = scores(model, batch.packed, segments);
    const auto n = std::int64_t(numbers.size());
    return {all.narrow(0, 0, n), all.narrow(0, n, n)};
}

} // namespace

StageOutcome trainReward(Model& rewardModel, std::span<const TokenizedPair> pairs, const StageContext& context)
{
    const double centering = context.settings.real("centering");
    const HeldOut held = holdOut(std::int64_t(pairs.size()), context.settings.real("eval_share"),
        std::uint64_t(context.settings.integer("seed")));

    TrainingTask task;
    if (!context.checkpoints.empty())
        task.identity = {{"model", modelDigest(rewardModel)}, {"data set", digestOf(pairs)}};
    prepareForTraining(rewardModel, context.settings);
    task.examples = held.train;
    task.tokens = [&](std::int64_t number) { return tokensOf(pairs[std::size_t(number)]); };
    task.countedTokens = [&](std::int64_t number) { return sequenceTokensOf(pairs[std::size_t(number)]); };
    task.loss = [&](std::span<const std::int64_t> numbers, double weight) {
        const BatchScores batch = scoresOf(rewardModel, pairs, numbers);
        return LossPart {rewardLoss(batch.chosen, batch.rejected, centering).mean() * weight,
            at::stack({batch.chosen.detach(), batch.rejected.detach()}, 1)};
    };
    task.values = 2;
    task.metrics = [](const at::Tensor& values) {
        const at::Tensor chosen = values.select(1, 0), rejected = values.select(1, 1);
        return Metrics {{"accuracy", (chosen > rejected).to(at::kDouble).mean().item<double>()},
            {"margin", (chosen - rejected).mean().item<double>()}, {"min_reward", values.min().item<double>()},
            {"mean_reward", values.mean().item<double>()}, {"max_reward", values.max().item<double>()}};
    };
    if (!held.evaluation.empty()) {
        task.evaluate = [&] {
            const at::NoGradGuard noGrad;
            const std::vector<double> sums = sumsOverBatches(held.evaluation, task.tokens, *context.ranks, 3,
                [&](std::span<const std::int64_t> numbers, std::vector<double>& sums) {
                    const BatchScores batch = scoresOf(rewardModel, pairs, numbers);
                    sums[0] += rewardLoss(batch.chosen, batch.rejected, centering).sum().item<double>();
                    sums[1] += (batch.chosen > batch.rejected).sum().item<double>();
                    sums[2] += (batch.chosen - batch.rejected).sum().item<double>();
                });
            const auto n = double(held.evaluation.size());
            return Metrics {{"eval_loss", sums[0] / n}, {"eval_accuracy", sums[1] / n}, {"eval_margin", sums[2] / n}};
        };
    }
    return runTrainingLoop(rewardModel, task, context);
}

} // namespace mpo
