// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/reward_loss.h"
#include "core/stage/pair_batch.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"

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
    rewardModel.trunk->computeType = computeTypeFromName(context.settings.text("dtype"));
    const double centering = context.settings.real("centering");
    const HeldOut held = holdOut(std::int64_t(pairs.size()), context.settings.real("eval_share"),
        std::uint64_t(context.settings.integer("seed")));

    TrainingTask task;
    task.examples = held.train;
    task.tokens = [&](std::int64_t number) { return tokensOf(pairs[std::size_t(number)]); };
    task.countedTokens = [&](std::int64_t number) { return sequenceTokensOf(pairs[std::size_t(number)]); };
    task.loss = [&](std::span<const std::int64_t> numbers, double weight, Metrics& metrics) {
        const BatchScores batch = scoresOf(rewardModel, pairs, numbers);
        const at::Tensor chosen = batch.chosen.detach(), rejected = batch.rejected.detach();
        const at::Tensor both = at::cat({chosen, rejected});
        metrics = {{"accuracy", weight * (chosen > rejected).to(at::kFloat).mean().item<double>()},
            {"margin", weight * (chosen - rejected).mean().item<double>()},
            {"min_reward", weight * both.min().item<double>()}, {"mean_reward", weight * both.mean().item<double>()},
            {"max_reward", weight * both.max().item<double>()}};
        return rewardLoss(batch.chosen, batch.rejected, centering).mean() * weight;
    };
    if (!held.evaluation.empty()) {
        task.evaluate = [&] {
            const at::NoGradGuard noGrad;
            double loss = 0.0, right = 0.0, margin = 0.0;
            for (const auto& numbers : batchesByTokens(held.evaluation, task.tokens, kInferenceTokens)) {
                const BatchScores batch = scoresOf(rewardModel, pairs, numbers);
                loss += rewardLoss(batch.chosen, batch.rejected, centering).sum().item<double>();
                right += (batch.chosen > batch.rejected).sum().item<double>();
                margin += (batch.chosen - batch.rejected).sum().item<double>();
            }
            const auto n = double(held.evaluation.size());
            return Metrics {{"eval_loss", loss / n}, {"eval_accuracy", right / n}, {"eval_margin", margin / n}};
        };
    }
    return runTrainingLoop(rewardModel, task, context);
}

} // namespace mpo
