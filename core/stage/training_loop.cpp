// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/training_loop.h"

#include "core/parallel/gradient_sum.h"
#include "core/stage/alarms.h"
#include "core/stage/batch_room.h"
#include "core/stage/best_model.h"
#include "core/stage/checkpoint_keeper.h"
#include "core/stage/divergence.h"
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
#include <limits>
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

/// One training. Its steps are optimiser steps.
class TrainingRun
{
public:
    TrainingRun(Model& model, const TrainingTask& task, const StageContext& context);
    StageOutcome run();

private:
    bool trainStep(); ///< false: stopped in its midst
    bool accumulate(std::span<const std::int64_t> examples, const StepParts& parts, std::vector<double>& shared);
    bool accumulateParts(std::span<const std::int64_t> examples, const StepParts& parts, std::vector<double>& shared);
    void leaveOutStep();
    std::span<const std::int64_t> examplesOfStep();
    /// Everything after the weights of a step are settled: report, evaluation, checkpoint, whether to go on.
    void finishStep(Metrics metrics, std::int64_t tokens, double seconds);
    void report(std::int64_t step, const Metrics& metrics) const;
    std::int64_t lastApplied() const; ///< the last step, from 0, that changed the weights
    /// A number that is not finite arose from the batch of `step`: ends the run or goes back.
    void diverged(std::int64_t step, const std::string& what);
    void takeBest();

    void fill(Json& values, NamedTensors& tensors) const;
    void restore(const Checkpoint& checkpoint);

    Model& m_model;
    const TrainingTask& m_task;
    const StageContext& m_context;
    Communicator& m_ranks;
    const Settings& m_settings;
    const std::uint64_t m_seed;
    const std::int64_t m_microBatch, m_perStep, m_stepsPerEpoch, m_evaluateEvery;

    // What a checkpoint holds.
    StageOutcome m_outcome;
    NamedTensors m_parameters;
    Optimizer m_optimizer;
    double m_tokensSeen = 0.0;
    BestModel m_best;
    Alarms m_alarms;
    Divergence m_divergence;

    std::int64_t m_epoch = -1;
    std::vector<std::int64_t> m_order; ///< of that epoch
    std::vector<at::Tensor> m_bestWeights; ///< where no checkpoints are written
    CheckpointKeeper m_keeper;
    BatchRoom m_room;
};

NamedTensors trainable(Model& model)
{
    model.setRequiresGrad(true);
    return model.trainable();
}

/// "the loss (with rewards/chosen)": what is not finite.
std::string notFinite(const Metrics& metrics)
{
    std::string others;
    for (const Metric& metric : metrics)
        if (!std::isfinite(metric.value) && metric.name != "loss")
            others += (others.empty() ? "" : ", ") + metric.name;
    return others.empty() ? "the loss" : fmt::format("the loss (with {})", others);
}

TrainingRun::TrainingRun(Model& model, const TrainingTask& task, const StageContext& context)
    : m_model(model)
    , m_task(task)
    , m_context(context)
    , m_ranks(*context.ranks)
    , m_settings(context.settings)
    , m_seed(std::uint64_t(m_settings.integer("seed")))
    , m_microBatch(m_settings.integer("batch_size"))
    , m_perStep(m_microBatch * m_settings.integer("gradient_accumulation"))
    , m_stepsPerEpoch((std::int64_t(task.examples.size()) + m_perStep - 1) / m_perStep)
    , m_evaluateEvery(m_settings.integer("eval_every"))
    , m_parameters(trainable(model))
    , m_optimizer(m_parameters, optimizerOptions(m_settings))
    , m_best(m_settings)
    , m_alarms(m_settings)
    , m_divergence(m_settings)
    , m_keeper(context, task.identity, [this](Json& values, NamedTensors& tensors) { fill(values, tensors); })
    , m_room(m_microBatch, m_ranks.alone() && !task.wholeBatches, context.warning)
{
    const std::int64_t maxSteps = m_settings.integer("max_steps");
    const auto byEpochs = std::int64_t(std::ceil(m_settings.real("epochs") * double(m_stepsPerEpoch)));
    m_outcome.totalSteps = maxSteps > 0 ? maxSteps : std::max<std::int64_t>(1, byEpochs);
}

StageOutcome TrainingRun::run()
{
    if (const auto checkpoint = m_keeper.newest()) {
        restore(*checkpoint);
        m_outcome.resumedAt = m_outcome.steps;
    } else if (m_divergence.rollsBack()) {
        m_keeper.write(0); // there is always one to go back to
    }
    const KeptWhenLost kept(m_ranks, [this] {
        if (m_outcome.steps > m_outcome.resumedAt)
            m_keeper.writeAtStop(m_outcome.steps);
    });
    if (!m_ranks.alone() && !(m_outcome.stopped = m_context.stopped()))
        m_ranks.requireSame(std::int64_t(m_task.examples.size()), "examples");
    if (m_task.look && m_outcome.steps == 0 && !m_outcome.stopped)
        m_task.look(0, m_outcome.totalSteps);
    while (m_outcome.steps < m_outcome.totalSteps && !m_outcome.endedEarly && !m_outcome.stopped) {
        m_outcome.stopped = m_keeper.stopped(m_outcome.steps);
        if (!m_outcome.stopped && m_divergence.skips(m_outcome.steps))
            leaveOutStep();
        else if (!m_outcome.stopped)
            m_outcome.stopped = !trainStep();
    }
    if (m_outcome.stopped && m_outcome.steps > m_outcome.resumedAt)
        m_keeper.writeAtStop(m_outcome.steps);
    if (!m_outcome.stopped)
        takeBest();
    m_model.setRequiresGrad(false);
    return m_outcome;
}

std::span<const std::int64_t> TrainingRun::examplesOfStep()
{
    if (const std::int64_t epoch = m_outcome.steps / m_stepsPerEpoch; epoch != m_epoch) {
        m_epoch = epoch;
        m_order = orderOfEpoch(m_task.examples, m_settings.flag("shuffle"), m_seed, epoch);
    }
    const std::int64_t first = (m_outcome.steps % m_stepsPerEpoch) * m_perStep;
    const std::int64_t last = std::min(std::int64_t(m_order.size()), first + m_perStep);
    return {m_order.data() + first, std::size_t(last - first)};
}

bool TrainingRun::trainStep()
{
    const auto begin = std::chrono::steady_clock::now();
    const auto examples = examplesOfStep();
    if (m_task.beginStep)
        m_task.beginStep(examples);

    // 1. Accumulate gradients over micro-batches, each with the same weight (as TRL does). Ranks divide the examples,
    // so that each has a part of them: the loss and, for the metrics, the values of every example are those of all
    // ranks then.
    const auto count = std::int64_t(examples.size());
    const StepParts parts(count, m_microBatch, m_task.wholeBatches, m_ranks);
    std::vector<double> shared;
    if (!accumulate(examples, parts, shared)) {
        m_optimizer.clearGradients();
        return false;
    }
    m_ranks.sum(shared);
    sumGradients(m_parameters, m_ranks);
    const double loss = shared[0];
    Metrics metrics;
    if (m_task.metrics) {
        const at::Tensor values = at::from_blob(shared.data() + 1, {count, m_task.values}, at::kDouble);
        for (std::int64_t from = 0; from < count; from += m_microBatch)
            addInto(metrics, m_task.metrics(values.narrow(0, from, std::min(m_microBatch, count - from))),
                1.0 / double(parts.microBatches));
    }
    if (m_task.stepMetrics && std::isfinite(loss)) {
        const at::Tensor values = at::from_blob(shared.data() + 1, {count, m_task.values}, at::kDouble);
        addInto(metrics, m_task.stepMetrics(examples, values, m_outcome.steps + 1 == m_outcome.totalSteps));
    }
    std::int64_t tokens = 0, counted = 0;
    for (const std::int64_t example : examples) {
        tokens += m_task.tokens(example);
        counted += m_task.countedTokens(example);
    }

    // 2. Clip and step. What is not finite is shown and not applied.
    Optimizer::Step taken;
    if (std::isfinite(loss))
        taken = m_optimizer.step(m_outcome.steps, m_outcome.totalSteps);
    else
        m_optimizer.clearGradients();
    metrics.insert(
        metrics.begin(), {{"loss", loss}, {"grad_norm", taken.gradNorm}, {"learning_rate", taken.learningRate}});
    if (!taken.applied) {
        report(m_outcome.steps + 1, metrics); // the curve shows it
        if (allFinite(m_parameters))
            diverged(m_outcome.steps, std::isfinite(loss) ? "the gradient" : notFinite(metrics));
        else // the step before went too far, which shows only now
            diverged(lastApplied(), "a weight after it");
        return true;
    }
    m_tokensSeen += double(counted);
    finishStep(
        std::move(metrics), tokens, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return true;
}

/// The gradients of a step and its values, with smaller parts where memory runs out. False: stopped.
bool TrainingRun::accumulate(
    std::span<const std::int64_t> examples, const StepParts& parts, std::vector<double>& shared)
{
    while (true) {
        try {
            return accumulateParts(examples, parts, shared);
        } catch (const std::exception& error) {
            m_optimizer.clearGradients();
            if (m_room.shrink(error))
                continue;
            if (!isOutOfMemory(error))
                throw;
            if (m_outcome.steps > m_outcome.resumedAt)
                m_keeper.write(m_outcome.steps);
            fail("{}", m_room.reason());
        }
    }
}

bool TrainingRun::accumulateParts(
    std::span<const std::int64_t> examples, const StepParts& parts, std::vector<double>& shared)
{
    shared.assign(1 + examples.size() * std::size_t(m_task.values), 0.0);
    const std::vector<StepPart> own = m_room.fit(parts.own);
    const std::int64_t rounds = std::max(parts.rounds, std::int64_t(own.size()));
    for (std::int64_t round = 0; round < rounds; ++round) {
        if (round < std::int64_t(own.size())) {
            const StepPart& part = own[std::size_t(round)];
            const DropoutOn dropout(m_model, m_seed, m_outcome.steps, part.name);
            const LossPart result
                = m_task.loss(examples.subspan(std::size_t(part.first), std::size_t(part.count)), part.weight);
            shared[0] += result.loss.item<double>();
            if (m_task.values > 0) {
                const at::Tensor values = result.values.to(at::kDouble).contiguous();
                std::copy_n(values.const_data_ptr<double>(), values.numel(),
                    shared.begin() + std::ptrdiff_t(1 + part.first * m_task.values));
            }
            result.loss.backward();
        }
        if (m_keeper.stopped(m_outcome.steps))
            return false;
    }
    return true;
}

void TrainingRun::leaveOutStep()
{
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    finishStep(
        {{"loss", nan}, {"grad_norm", nan},
            {"learning_rate", scheduledRate(optimizerOptions(m_settings), m_outcome.steps, m_outcome.totalSteps)}},
        0, 0.0);
}

void TrainingRun::finishStep(Metrics metrics, std::int64_t tokens, double seconds)
{
    ++m_outcome.steps;
    if (m_task.afterStep)
        m_task.afterStep(m_outcome.steps);
    for (const Metric& metric : Metrics {{"num_tokens", m_tokensSeen},
             {"epoch", double(m_outcome.steps) / double(m_stepsPerEpoch)}, {"step_seconds", seconds},
             {"tokens_per_second", double(tokens) / std::max(seconds, 1e-9)}, {"peak_rss_mb", peakResidentMb()}})
        metrics.push_back(metric);
    const bool last = m_outcome.steps == m_outcome.totalSteps;
    BestModel::Seen seen;
    if (m_task.evaluate && (last || (m_evaluateEvery > 0 && m_outcome.steps % m_evaluateEvery == 0))) {
        try {
            addInto(metrics, m_task.evaluate());
        } catch (const LostRank&) { // the step is taken and will be in the checkpoint
            report(m_outcome.steps, metrics);
            throw;
        }
        seen = m_best.observe(m_outcome.steps, metrics);
    }
    const bool keepsBest = seen.best && m_best.keepsWeights();
    const bool writes = !last && !seen.stop && (keepsBest || m_keeper.due(m_outcome.steps));
    report(m_outcome.steps, metrics);
    // Decided by what all ranks know. A checkpoint by time is left out when a weight is not finite: the next step shows
    // it.
    if ((last || seen.stop || keepsBest || m_keeper.dueBySteps(m_outcome.steps)) && !allFinite(m_parameters)) {
        diverged(lastApplied(), "a weight after it");
        return;
    }
    if (const auto alarms = m_alarms.look(m_outcome.steps, metrics); !alarms.empty() && m_context.alarms)
        m_context.alarms(alarms);
    if (!m_alarms.passed().empty() && m_context.alarmsPassed)
        m_context.alarmsPassed(m_outcome.steps, m_alarms.passed());
    if (m_task.look)
        m_task.look(m_outcome.steps, m_outcome.totalSteps);
    if (keepsBest && m_context.checkpoints.empty() && m_ranks.isFirst()) {
        m_bestWeights.clear();
        for (const auto& [name, parameter] : m_parameters)
            m_bestWeights.push_back(parameter.detach().clone());
    }
    if (writes)
        m_keeper.write(m_outcome.steps);
    if (seen.stop && !last) {
        m_outcome.endedEarly = true;
        m_outcome.note = fmt::format("Stopped early after step {}: {}", m_outcome.steps, m_best.reasonToStop());
    }
}

void TrainingRun::report(std::int64_t step, const Metrics& metrics) const
{
    if (m_context.metrics)
        m_context.metrics(step, m_outcome.totalSteps, metrics);
}

std::int64_t TrainingRun::lastApplied() const
{
    std::int64_t step = m_outcome.steps - 1;
    while (step > 0 && m_divergence.skips(step))
        --step;
    return std::max<std::int64_t>(0, step);
}

void TrainingRun::diverged(std::int64_t step, const std::string& what)
{
    const std::string said = m_divergence.leaveOut(step, Divergence::kWhole, fmt::format("Step {}", step + 1), what,
        "lower learning_rate or look at the data of this batch");
    if (m_context.warning)
        m_context.warning(said);
    if (const auto checkpoint = m_keeper.newest())
        restore(*checkpoint);
    else if (!allFinite(m_parameters))
        fail("{}; but there is no checkpoint to go back to, so it ends", said);
}

/// At the end: the best weights instead of the last where the settings want that.
void TrainingRun::takeBest()
{
    m_outcome.bestStep = m_best.keepsWeights() ? m_best.step() : -1;
    if (m_outcome.bestStep < 0 || m_outcome.bestStep == m_outcome.steps || !m_settings.flag("load_best_at_end"))
        return;
    const at::NoGradGuard noGrad;
    for (std::size_t i = 0; i < m_bestWeights.size(); ++i)
        m_parameters[i].second.copy_(m_bestWeights[i]);
    if (!m_context.checkpoints.empty() && !restoreBest(m_parameters, m_context.checkpoints, m_outcome.bestStep)
        && m_context.warning)
        m_context.warning(
            fmt::format("The checkpoint of step {}, the best model, is missing or damaged: the last model "
                        "is kept instead",
                m_outcome.bestStep));
    for (const auto& [name, parameter] : m_parameters) // rank 0 alone has kept them
        m_ranks.broadcast(parameter.detach());
}

void TrainingRun::fill(Json& values, NamedTensors& tensors) const
{
    values["num_tokens"] = m_tokensSeen;
    values["alarms"] = m_alarms.toJson();
    values["left_out"] = m_divergence.toJson();
    if (m_best.wanted())
        values[m_best.keepsWeights() ? "best" : "evaluations"] = m_best.toJson();
    if (m_task.keptSums)
        values["sums"] = m_task.keptSums();
    for (const auto& [name, parameter] : m_parameters)
        tensors.emplace_back("model." + name, parameter.detach());
    for (const auto& [name, tensor] : m_optimizer.state())
        tensors.emplace_back("optimizer." + name, tensor);
    for (const auto& [name, tensor] : m_task.kept)
        tensors.emplace_back("kept." + name, tensor.detach());
}

void TrainingRun::restore(const Checkpoint& checkpoint)
{
    checkpoint.restoreParameters(m_parameters, "model.");
    checkpoint.restoreParameters(m_task.kept, "kept.");
    m_optimizer.restore(checkpoint.tensors, "optimizer.");
    const Json& values = checkpoint.values;
    m_tokensSeen = values.at("num_tokens").get<double>();
    m_outcome.steps = checkpoint.step;
    if (values.contains("alarms"))
        m_alarms.restore(values["alarms"]);
    if (values.contains("left_out"))
        m_divergence.restore(values["left_out"]);
    if (m_task.restoreSums)
        m_task.restoreSums(values.value("sums", Json()));
    for (const char* key : {"best", "evaluations"})
        if (values.contains(key))
            m_best.restore(values[key]);
}

} // namespace

StageOutcome runTrainingLoop(Model& model, const TrainingTask& task, const StageContext& context)
{
    if (task.examples.empty())
        fail("There is nothing to train on: no example is left after held-out, over-long and unusable ones were taken "
             "off");
    return TrainingRun(model, task, context).run();
}

bool restoreBest(const NamedTensors& parameters, const std::filesystem::path& checkpoints, std::int64_t step)
{
    const auto best = readCheckpoint(checkpoints, step);
    if (best)
        best->restoreParameters(parameters, "model.");
    return best.has_value();
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
