// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/preference_loss.h"
#include "core/model/frozen_weights.h"
#include "core/stage/gap_strata.h"
#include "core/stage/pair_batch.h"
#include "core/stage/reference_cache.h"
#include "core/stage/run_identity.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"
#include "core/support/error.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace mpo {

namespace {

constexpr std::int64_t kOfAll = 4; ///< numbers of a pair that the metrics over all pairs are made from
/// Pairs that a point of a stratum's curve is the mean of: a step has too few of each.
constexpr std::int64_t kPairsOfPoint = 16;
constexpr double kSampleTemperature = 0.7; ///< as sessions of evaluation have it

at::Tensor gather(const std::vector<double>& values, std::span<const std::int64_t> numbers)
{
    at::Tensor result = at::empty({std::int64_t(numbers.size())}, at::kFloat);
    float* out = result.mutable_data_ptr<float>();
    for (const std::int64_t number : numbers)
        *out++ = float(values[std::size_t(number)]);
    return result;
}

/// reference <- share * policy + (1 - share) * reference, tensor by tensor (TR-DPO, arXiv 2404.09656, soft update).
void mixIn(const NamedTensors& reference, const NamedTensors& policy, double share)
{
    const at::NoGradGuard noGrad;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        at::Tensor target = reference[i].second;
        target.lerp_(policy[i].second, share);
    }
}

} // namespace

StageOutcome trainDpo(Model& policy, const Model* reference, std::span<const TokenizedPair> pairs,
    const StageContext& context, const DpoWatch& watch)
{
    const Settings& settings = context.settings;
    const ComputeType computeType = computeTypeFor(settings.text("dtype"), policy.config());
    const PreferenceLoss& loss = findPreferenceLoss(settings.text("loss"));
    const PreferenceLossOptions options {
        settings.real("beta"), settings.real("label_smoothing"), settings.real("simpo_gamma")};

    // 1. Log-probs of the reference, once; of one that follows the policy batch by batch.
    const Model& anchor = reference ? *reference : policy;
    Json identity;
    if (!context.checkpoints.empty())
        identity
            = {{"model", modelDigest(policy)}, {"reference model", modelDigest(anchor)}, {"data set", digestOf(pairs)}};
    prepareForTraining(policy, settings);
    std::optional<Model> moving;
    PairSums fixed;
    if (settings.flag("sync_ref_model")) {
        if (policy.adapter)
            fail("sync_ref_model needs the whole model trained, not an adapter");
        moving = cloneModel(anchor);
        mergeAdapter(*moving);
        moving->setRequiresGrad(false);
        moving->trunk->computeType = computeType;
    } else if (!loss.referenceFree) {
        if (reference)
            prepareForInference(anchor, settings.text("dtype"));
        auto sums = referenceSums(
            anchor, pairs, context, identity.dump() + " on " + machineOf(settings, context.ranks->size()).dump());
        if (!sums) {
            StageOutcome stoppedEarly;
            stoppedEarly.stopped = true;
            return stoppedEarly;
        }
        fixed = std::move(*sums);
    }

    // 2. Loss of a micro-batch: chosen and rejected in one forward pass.
    struct Result
    {
        PairLoss loss;
        at::Tensor chosenLogProbs, rejectedLogProbs;
    };
    const auto compute = [&](std::span<const std::int64_t> numbers) {
        const PairBatch batch = pairBatch(*policy.trunk, pairs, numbers);
        const std::vector<std::int64_t> responses = batch.responses();
        const auto logProbs = responseLogProbs(*policy.trunk, batch.packed, responses, {.computeType = computeType});
        const at::Tensor summed = logProbs.summed(), counts = logProbs.counts();
        const auto n = std::int64_t(numbers.size());
        PreferenceLossInput input;
        input.policy = {summed.narrow(0, 0, n), summed.narrow(0, n, n)};
        if (moving) {
            const at::NoGradGuard noGrad;
            const at::Tensor theirs
                = responseLogProbs(*moving->trunk, batch.packed, responses, {.computeType = computeType}).summed();
            input.reference = {theirs.narrow(0, 0, n), theirs.narrow(0, n, n)};
        } else if (!loss.referenceFree) {
            input.reference = {gather(fixed.chosen, numbers), gather(fixed.rejected, numbers)};
        }
        input.tokens = {counts.narrow(0, 0, n), counts.narrow(0, n, n)};
        return Result {
            preferenceLoss(loss, input, options), input.policy.chosen.detach(), input.policy.rejected.detach()};
    };

    const HeldOut held
        = holdOut(std::int64_t(pairs.size()), settings.real("eval_share"), std::uint64_t(settings.integer("seed")));
    TrainingTask task;
    task.identity = identity;
    task.examples = held.train;
    task.tokens = [&](std::int64_t number) { return tokensOf(pairs[std::size_t(number)]); };
    task.countedTokens = [&](std::int64_t number) { return sequenceTokensOf(pairs[std::size_t(number)]); };
    task.wholeBatches = loss.acrossPairs;
    const GapStrata strata(watch.gaps, held.train);
    task.loss = [&](std::span<const std::int64_t> numbers, double weight) {
        const Result result = compute(numbers);
        std::vector<at::Tensor> values {
            result.loss.chosenRewards, result.loss.rejectedRewards, result.chosenLogProbs, result.rejectedLogProbs};
        if (strata.size() > 0)
            values.push_back(result.loss.loss.detach());
        return LossPart {result.loss.loss.mean() * weight, at::stack(values, 1)};
    };
    if (moving) {
        task.kept = moving->parameters();
        task.afterStep = [&](std::int64_t step) {
            if (step % settings.integer("ref_model_sync_steps") == 0)
                mixIn(task.kept, policy.parameters(), settings.real("ref_model_mixup_alpha"));
        };
    }
    task.values = strata.size() > 0 ? kOfAll + 1 : kOfAll;
    task.metrics = [](const at::Tensor& all) {
        const at::Tensor values = all.narrow(1, 0, kOfAll).contiguous();
        const at::Tensor means = values.mean(0), margins = values.select(1, 0) - values.select(1, 1);
        const auto mean = [&](std::int64_t column) { return means[column].item<double>(); };
        return Metrics {{"rewards/chosen", mean(0)}, {"rewards/rejected", mean(1)},
            {"rewards/margins", margins.mean().item<double>()},
            {"rewards/accuracies", (margins > 0).to(at::kDouble).mean().item<double>()}, {"logps/chosen", mean(2)},
            {"logps/rejected", mean(3)}};
    };
    StratumSums kept(strata.size());
    if (strata.size() > 0) {
        task.stepMetrics = [&](std::span<const std::int64_t> examples, const at::Tensor& values, bool lastStep) {
            const auto rows = values.accessor<double, 2>();
            for (std::size_t i = 0; i < examples.size(); ++i)
                if (const auto stratum = strata.of(examples[i])) {
                    const auto row = rows[std::int64_t(i)];
                    kept.add(*stratum, row[kOfAll], row[0] - row[1]);
                }
            return kept.take(strata, lastStep ? 1 : kPairsOfPoint);
        };
        task.keptSums = [&] { return kept.toJson(); };
        task.restoreSums = [&](const Json& state) { kept.restore(state); };
    }
    if (!held.evaluation.empty()) {
        task.evaluate = [&] {
            const at::NoGradGuard noGrad;
            constexpr std::size_t kTotals = 3;
            const std::vector<double> sums = sumsOverBatches(held.evaluation, task.tokens, *context.ranks,
                kTotals + StratumSums::kNumbers * strata.size(),
                [&](std::span<const std::int64_t> numbers, std::vector<double>& sums) {
                    const Result result = compute(numbers);
                    const at::Tensor margins = result.loss.chosenRewards - result.loss.rejectedRewards;
                    sums[0] += result.loss.loss.sum().item<double>();
                    sums[1] += margins.sum().item<double>();
                    sums[2] += (margins > 0).sum().item<double>();
                    const at::Tensor losses = result.loss.loss.to(at::kDouble), gains = margins.to(at::kDouble);
                    StratumSums ofBatch(strata.size());
                    for (std::size_t i = 0; strata.size() > 0 && i < numbers.size(); ++i)
                        if (const auto stratum = strata.of(numbers[i]))
                            ofBatch.add(
                                *stratum, losses.const_data_ptr<double>()[i], gains.const_data_ptr<double>()[i]);
                    std::transform(ofBatch.numbers().begin(), ofBatch.numbers().end(), sums.begin() + kTotals,
                        sums.begin() + kTotals, std::plus<>());
                });
            const auto n = double(held.evaluation.size());
            Metrics metrics {{"eval_loss", sums[0] / n}, {"eval_rewards/margins", sums[1] / n},
                {"eval_rewards/accuracies", sums[2] / n}};
            StratumSums parts(strata.size());
            parts.add(std::span(sums).subspan(kTotals));
            for (Metric& metric : parts.take(strata, 1, "eval_"))
                metrics.push_back(std::move(metric));
            return metrics;
        };
    }

    // 3. What is looked at.
    std::vector<TokenIds> prompts;
    for (const std::int64_t number : watch.samplePairs)
        prompts.emplace_back(pairs[std::size_t(number)].prompt.begin(), pairs[std::size_t(number)].prompt.end());
    const SampleStrip strip(
        context, std::move(prompts), {settings.integer("sample_tokens"), kSampleTemperature}, watch.sampleScore);
    task.look = [&](std::int64_t step, std::int64_t totalSteps) {
        if (step > 0 && !strip.due(step, totalSteps))
            return;
        policy.setRequiresGrad(false);
        if (step == 0)
            strip.showReference(anchor);
        else
            strip.show(policy, step);
        policy.setRequiresGrad(true);
    };
    return runTrainingLoop(policy, task, context);
}

} // namespace mpo
