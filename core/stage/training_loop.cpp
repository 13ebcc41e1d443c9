// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/training_loop.h"

#include "core/parallel/gradient_sum.h"
#include "core/stage/batch_room.h"
#include "core/stage/checkpoint.h"
#include "core/stage/optimizer.h"
#include "core/stage/shared_checkpoint.h"
#include "core/stage/step_parts.h"
#include "core/support/error.h"
#include "core/support/out_of_memory.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <sys/resource.h>

namespace mpo {

namespace {

void addInto(Metrics& sums, const Metrics& more, double weight = 1.0)
{
    for (const Metric& metric : more) {
        const auto found
            = std::find_if(sums.begin(), sums.end(), [&](const Metric& m) { return m.name == metric.name; });
        if (found == sums.end())
            sums.push_back({metric.name, weight * metric.value});
        else
            found->value += weight * metric.value;
    }
}

/// The dropout of an adapter is drawn during a micro-batch of training and at no other time.
class DropoutOn
{
public:
    DropoutOn(const Model& model, std::uint64_t seed, std::int64_t step, const std::string& part)
        : m_state(model.adapter ? model.adapter->dropout : nullptr)
    {
        if (m_state)
            *m_state = {true, RandomStream(seed, fmt::format("dropout of step {} part {}", step, part)).next()};
    }
    ~DropoutOn()
    {
        if (m_state)
            m_state->active = false;
    }
    DropoutOn(const DropoutOn&) = delete;
    DropoutOn& operator=(const DropoutOn&) = delete;

private:
    std::shared_ptr<DropoutState> m_state;
};

} // namespace

StageOutcome runTrainingLoop(Model& model, const TrainingTask& task, const StageContext& context)
{
    const Settings& settings = context.settings;
    const auto count = std::int64_t(task.examples.size());
    if (count == 0)
        fail("There is nothing to train on: no example is left after held-out, over-long and unusable ones were taken "
             "off");

    const std::int64_t microBatch = settings.integer("batch_size");
    const std::int64_t perStep = microBatch * settings.integer("gradient_accumulation");
    const std::int64_t stepsPerEpoch = (count + perStep - 1) / perStep;
    const std::int64_t maxSteps = settings.integer("max_steps");
    const auto byEpochs = std::int64_t(std::ceil(settings.real("epochs") * double(stepsPerEpoch)));
    const auto seed = std::uint64_t(settings.integer("seed"));

    StageOutcome outcome;
    outcome.totalSteps = maxSteps > 0 ? maxSteps : std::max<std::int64_t>(1, byEpochs);

    model.setRequiresGrad(true);
    const NamedTensors parameters = model.trainable();
    Optimizer optimizer(parameters, optimizerOptions(settings));

    // 1. Resume.
    CheckpointClock clock(settings.integer("checkpoint_every"));
    double tokensSeen = 0.0;
    if (const auto checkpoint = newestCheckpoint(context)) {
        checkpoint->restoreParameters(parameters, "model.");
        optimizer.restore(checkpoint->tensors, "optimizer.");
        tokensSeen = checkpoint->values.at("num_tokens").get<double>();
        outcome.steps = outcome.resumedAt = checkpoint->step;
    }
    const auto save = [&] {
        NamedTensors tensors;
        for (const auto& [name, parameter] : parameters)
            tensors.emplace_back("model." + name, parameter.detach());
        for (const auto& [name, tensor] : optimizer.state())
            tensors.emplace_back("optimizer." + name, tensor);
        clock.time([&] {
            writeCheckpoint(context.checkpoints, outcome.steps, Json {{"num_tokens", tokensSeen}}, tensors);
        });
    };

    const KeptWhenLost kept(*context.ranks, [&] {
        if (!context.checkpoints.empty() && outcome.steps > outcome.resumedAt)
            save();
    });
    Communicator& ranks = *context.ranks;
    if (!ranks.alone() && !(outcome.stopped = context.stopped()))
        ranks.requireSame(count, "examples");

    BatchRoom room(microBatch, ranks.alone() && !task.wholeBatches, context.warning);
    const std::int64_t evaluateEvery = settings.integer("eval_every");
    std::int64_t epoch = -1;
    std::vector<std::int64_t> order;
    while (outcome.steps < outcome.totalSteps && !outcome.stopped) {
        if (context.stopped()) {
            outcome.stopped = true;
            break;
        }
        const auto begin = std::chrono::steady_clock::now();

        // 2. The examples of this step.
        const std::int64_t wantedEpoch = outcome.steps / stepsPerEpoch;
        if (wantedEpoch != epoch) {
            epoch = wantedEpoch;
            order = orderOfEpoch(task.examples, settings.flag("shuffle"), seed, epoch);
        }
        const std::int64_t first = (outcome.steps % stepsPerEpoch) * perStep;
        const std::int64_t last = std::min(count, first + perStep);
        const std::span<const std::int64_t> examples(order.data() + first, std::size_t(last - first));
        if (task.beginStep)
            task.beginStep(examples);

        // 3. Accumulate gradients over micro-batches, each with the same weight (as TRL does). Ranks divide the
        // examples, so that each has a part of them: the loss and, for the metrics, the values of every example are
        // those of all ranks then.
        const StepParts parts(last - first, microBatch, task.wholeBatches, ranks);
        std::vector<double> shared;
        const auto accumulate = [&] {
            shared.assign(std::size_t(1 + (last - first) * task.values), 0.0);
            const std::vector<StepPart> own = room.fit(parts.own);
            const std::int64_t rounds = std::max(parts.rounds, std::int64_t(own.size()));
            for (std::int64_t round = 0; round < rounds && !outcome.stopped; ++round) {
                if (round < std::int64_t(own.size())) {
                    const StepPart& part = own[std::size_t(round)];
                    const DropoutOn dropout(model, seed, outcome.steps, part.name);
                    const LossPart result
                        = task.loss(examples.subspan(std::size_t(part.first), std::size_t(part.count)), part.weight);
                    shared[0] += result.loss.item<double>();
                    if (task.values > 0) {
                        const at::Tensor values = result.values.to(at::kDouble).contiguous();
                        std::copy_n(values.const_data_ptr<double>(), values.numel(),
                            shared.begin() + std::ptrdiff_t(1 + part.first * task.values));
                    }
                    result.loss.backward();
                }
                outcome.stopped = context.stopped();
            }
        };
        for (bool again = true; again;) {
            try {
                accumulate();
                again = false;
            } catch (const std::exception& error) {
                optimizer.clearGradients();
                if (room.shrink(error))
                    continue;
                if (!isOutOfMemory(error))
                    throw;
                if (!context.checkpoints.empty() && outcome.steps > outcome.resumedAt)
                    save();
                fail("{}", room.reason());
            }
        }
        if (outcome.stopped) {
            optimizer.clearGradients();
            break;
        }
        ranks.sum(shared);
        sumGradients(parameters, ranks);
        const double loss = shared[0];
        Metrics metrics;
        if (task.metrics) {
            const at::Tensor values = at::from_blob(shared.data() + 1, {last - first, task.values}, at::kDouble);
            for (std::int64_t from = 0; from < last - first; from += microBatch)
                addInto(metrics, task.metrics(values.narrow(0, from, std::min(microBatch, last - first - from))),
                    1.0 / double(parts.microBatches));
        }
        std::int64_t tokens = 0, counted = 0;
        for (const std::int64_t example : examples) {
            tokens += task.tokens(example);
            counted += task.countedTokens(example);
        }

        // 4. Clip, step, report. A step that is not finite is shown and not taken.
        Optimizer::Step taken;
        if (std::isfinite(loss))
            taken = optimizer.step(outcome.steps, outcome.totalSteps);
        else
            optimizer.clearGradients();
        metrics.insert(
            metrics.begin(), {{"loss", loss}, {"grad_norm", taken.gradNorm}, {"learning_rate", taken.learningRate}});
        if (!taken.applied) {
            if (context.metrics)
                context.metrics(outcome.steps + 1, outcome.totalSteps, metrics);
            fail("Step {}: the {} is not a finite number, so the step was not applied and the run ends; lower "
                 "learning_rate "
                 "or look at the data of this batch",
                outcome.steps + 1, std::isfinite(loss) ? "gradient" : "loss");
        }
        ++outcome.steps;
        tokensSeen += double(counted);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        for (const Metric& metric : Metrics {{"num_tokens", tokensSeen},
                 {"epoch", double(outcome.steps) / double(stepsPerEpoch)}, {"step_seconds", seconds},
                 {"tokens_per_second", double(tokens) / std::max(seconds, 1e-9)}, {"peak_rss_mb", peakResidentMb()}})
            metrics.push_back(metric);
        const bool finished = outcome.steps == outcome.totalSteps;
        const auto report = [&] {
            if (context.metrics)
                context.metrics(outcome.steps, outcome.totalSteps, metrics);
        };
        if (task.evaluate && (finished || (evaluateEvery > 0 && outcome.steps % evaluateEvery == 0))) {
            try {
                addInto(metrics, task.evaluate());
            } catch (const LostRank&) { // the step is taken and will be in the checkpoint
                report();
                throw;
            }
        }
        report();

        // 5. Checkpoint.
        if (!finished && !context.checkpoints.empty() && clock.due(outcome.steps))
            save();
    }
    if (outcome.stopped && !context.checkpoints.empty() && outcome.steps > outcome.resumedAt)
        save();
    model.setRequiresGrad(false);
    return outcome;
}

std::vector<std::int64_t> orderOfEpoch(
    const std::vector<std::int64_t>& examples, bool shuffle, std::uint64_t seed, std::int64_t epoch)
{
    std::vector<std::int64_t> order = examples;
    if (shuffle)
        RandomStream(seed, fmt::format("shuffle of epoch {}", epoch)).shuffle(order);
    return order;
}

HeldOut holdOut(std::int64_t count, double share, std::uint64_t seed)
{
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    auto held = std::int64_t(std::floor(share * double(count)));
    held = std::min(held, count - 1);
    if (held <= 0)
        return {std::move(order), {}};
    RandomStream(seed, "held-out").shuffle(order);
    HeldOut result;
    result.evaluation.assign(order.begin(), order.begin() + held);
    result.train.assign(order.begin() + held, order.end());
    std::sort(result.evaluation.begin(), result.evaluation.end());
    std::sort(result.train.begin(), result.train.end());
    return result;
}

double peakResidentMb()
{
    rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024.0;
}

} // namespace mpo
