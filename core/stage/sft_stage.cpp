// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/loss/sft_loss.h"
#include "core/stage/pair_batch.h"
#include "core/stage/run_identity.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace mpo {

StageOutcome trainSft(Model& policy, std::span<const TokenizedPair> pairs, const StageContext& context)
{
    const HeldOut held = holdOut(std::int64_t(pairs.size()), context.settings.real("eval_share"),
        std::uint64_t(context.settings.integer("seed")));

    // Of the chosen responses.
    const auto lossOf = [&](std::span<const std::int64_t> numbers, double targets) {
        PackedBatchBuilder builder;
        std::vector<std::int64_t> responses;
        for (const std::int64_t number : numbers) {
            const TokenizedPair& pair = pairs[std::size_t(number)];
            responses.push_back(builder.add(pair.chosen, builder.add(pair.prompt)));
        }
        const auto logProbs
            = responseLogProbs(*policy.trunk, builder.build(), responses, {.computeType = policy.trunk->computeType});
        return sftLoss(logProbs.tokens.logProbs, targets);
    };
    const auto targetsOf = [&](std::span<const std::int64_t> numbers) {
        double count = 0.0;
        for (const std::int64_t number : numbers) {
            const TokenizedPair& pair = pairs[std::size_t(number)];
            // Without a prompt nothing stands before the first token, so nothing predicts it.
            count += double(pair.chosen.size()) - (pair.prompt.empty() ? 1.0 : 0.0);
        }
        return std::max(count, 1.0);
    };

    double stepTargets = 0.0;
    TrainingTask task;
    if (!context.checkpoints.empty())
        task.identity = {{"model", modelDigest(policy)}, {"data set", digestOf(pairs)}};
    prepareForTraining(policy, context.settings);
    task.examples = held.train;
    task.beginStep = [&](std::span<const std::int64_t> numbers) { stepTargets = targetsOf(numbers); };
    task.loss = [&](std::span<const std::int64_t> numbers, double) {
        return LossPart {lossOf(numbers, stepTargets), {}};
    };
    task.tokens = [&](std::int64_t number) {
        return std::int64_t(pairs[std::size_t(number)].prompt.size() + pairs[std::size_t(number)].chosen.size());
    };
    task.countedTokens = task.tokens;
    if (!held.evaluation.empty()) {
        task.evaluate = [&] {
            const at::NoGradGuard noGrad;
            const double targets = targetsOf(held.evaluation);
            const std::vector<double> loss = sumsOverBatches(held.evaluation, task.tokens, *context.ranks, 1,
                [&](std::span<const std::int64_t> batch, std::vector<double>& sums) {
                    sums[0] += lossOf(batch, targets).item<double>();
                });
            return Metrics {{"eval_loss", loss[0]}};
        };
    }
    return runTrainingLoop(policy, task, context);
}

} // namespace mpo
