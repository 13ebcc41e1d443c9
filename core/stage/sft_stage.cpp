// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/stage/pair_batch.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"

#include <ATen/ATen.h>

namespace mpo {

StageOutcome trainSft(Model& policy, std::span<const TokenizedPair> pairs, const StageContext& context)
{
    policy.trunk->computeType = computeTypeFromName(context.settings.text("dtype"));
    const HeldOut held = holdOut(std::int64_t(pairs.size()), context.settings.real("eval_share"),
        std::uint64_t(context.settings.integer("seed")));

    // Negative log-likelihood of the chosen responses, summed over tokens.
    const auto summedLoss = [&](std::span<const std::int64_t> numbers) {
        PackedBatchBuilder builder;
        std::vector<std::int64_t> responses;
        for (const std::int64_t number : numbers) {
            const TokenizedPair& pair = pairs[std::size_t(number)];
            responses.push_back(builder.add(pair.chosen, builder.add(pair.prompt)));
        }
        const auto logProbs
            = responseLogProbs(*policy.trunk, builder.build(), responses, {.computeType = policy.trunk->computeType});
        return -logProbs.tokens.logProbs.sum();
    };
    const auto targets = [&](std::span<const std::int64_t> numbers) {
        double count = 0.0;
        for (const std::int64_t number : numbers)
            count += double(pairs[std::size_t(number)].chosen.size());
        return std::max(1.0, count);
    };

    double stepTargets = 1.0;
    TrainingTask task;
    task.examples = held.train;
    task.beginStep = [&](std::span<const std::int64_t> numbers) { stepTargets = targets(numbers); };
    task.loss
        = [&](std::span<const std::int64_t> numbers, double, Metrics&) { return summedLoss(numbers) / stepTargets; };
    task.tokens = [&](std::int64_t number) {
        return std::int64_t(pairs[std::size_t(number)].prompt.size() + pairs[std::size_t(number)].chosen.size());
    };
    task.countedTokens = task.tokens;
    if (!held.evaluation.empty()) {
        task.evaluate = [&] {
            const at::NoGradGuard noGrad;
            double sum = 0.0;
            for (const auto& batch : batchesByTokens(held.evaluation, task.tokens, kInferenceTokens))
                sum += summedLoss(batch).item<double>();
            return Metrics {{"eval_loss", sum / targets(held.evaluation)}};
        };
    }
    return runTrainingLoop(policy, task, context);
}

} // namespace mpo
