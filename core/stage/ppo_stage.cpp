// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// PPO for language models, with these details (sources: the headers of core/rl and core/loss):
//  1. the policy samples with plain temperature sampling, so that recorded log-probs are those of the policy;
//  2. score = reward model at the last token, optionally normalised by the running mean and deviation, minus
//     missing_eos_penalty where the response ran into max_new_tokens, then optionally clipped;
//  3. per-token KL to the reference in the reward, k1 or k3, fixed or adaptive coefficient;
//  4. GAE, returns before whitening, advantages whitened over all response tokens of the rollout;
//  5. clipped policy loss and clipped value loss, token means over a minibatch, ppo_epochs passes over the rollout;
//  6. policy and value model are two networks with optimisers and learning rates of their own; the value model starts
//     as the reward model and may warm up alone (value_warmup_rollouts); or (value_model = policy) it is a head on the
//     policy, and the value loss trains that trunk too, as in openai/lm-human-preferences;
//  7. log-probs of reference and SFT model at the same temperature; both KLs are logged.
// A checkpoint may fall between two minibatches: it then holds the rollout too, and a resumed run repeats what an
// uninterrupted one does bit for bit.

#include "core/loss/log_probs.h"
#include "core/loss/ppo_loss.h"
#include "core/parallel/gradient_sum.h"
#include "core/rl/ppo_terms.h"
#include "core/stage/batch_room.h"
#include "core/stage/checkpoint.h"
#include "core/stage/optimizer.h"
#include "core/stage/ppo_exchange.h"
#include "core/stage/ppo_rollout.h"
#include "core/stage/shared_checkpoint.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/support/error.h"
#include "core/support/out_of_memory.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace mpo {

namespace {

/// Sums over the minibatches of a rollout.
struct UpdateSums
{
    double policyLoss = 0.0, valueLoss = 0.0, clipFraction = 0.0, valueClipFraction = 0.0, approxKl = 0.0, ratio = 0.0,
           entropy = 0.0, policyGradNorm = 0.0, valueGradNorm = 0.0;
    double policyRate = 0.0, valueRate = 0.0; ///< of the last minibatch
};
constexpr std::array kSums {&UpdateSums::policyLoss, &UpdateSums::valueLoss, &UpdateSums::clipFraction,
    &UpdateSums::valueClipFraction, &UpdateSums::approxKl, &UpdateSums::ratio, &UpdateSums::entropy,
    &UpdateSums::policyGradNorm, &UpdateSums::valueGradNorm, &UpdateSums::policyRate, &UpdateSums::valueRate};

/// The entries of a list over all response tokens that belong to these episodes, as a tensor. (R)
at::Tensor pick(
    const std::vector<double>& flat, std::span<const Episode> episodes, std::span<const std::int64_t> numbers)
{
    std::vector<float> values;
    for (const std::int64_t number : numbers) {
        const Episode& episode = episodes[std::size_t(number)];
        for (std::size_t t = 0; t < episode.response.size(); ++t)
            values.push_back(float(flat[episode.first + t]));
    }
    return at::tensor(values);
}

double squaresAround(const std::vector<double>& values)
{
    const double mean
        = std::accumulate(values.begin(), values.end(), 0.0) / double(std::max<std::size_t>(1, values.size()));
    double sum = 0.0;
    for (const double value : values)
        sum += (value - mean) * (value - mean);
    return sum;
}

double explainedVariance(const std::vector<double>& returns, const std::vector<double>& values)
{
    std::vector<double> errors(returns.size());
    std::transform(returns.begin(), returns.end(), values.begin(), errors.begin(), std::minus<>());
    const double total = squaresAround(returns);
    return total > 0.0 ? 1.0 - squaresAround(errors) / total : 0.0;
}

/// One PPO training. A step is a rollout with its update phase.
class PpoRun
{
public:
    PpoRun(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context);
    StageOutcome run();

private:
    // Rollout phase; false: stopped.
    void drawPrompts();
    bool sampleResponses();
    void rewardResponses();
    bool collect();
    // Update phase; false: stopped.
    void computeAdvantages();
    bool update();
    bool accumulateInMemory(std::span<const std::int64_t> minibatch, UpdateSums& sums);
    bool accumulate(std::span<const std::int64_t> minibatch, UpdateSums& sums);
    void apply(UpdateSums& sums);

    double report(double seconds); ///< returns the KL to the reference, nats a response
    bool isTooLarge(double kl) const;
    void restore();
    void save();
    bool policyIsFrozen() const { return m_outcome.steps < m_warmupRollouts; }
    [[noreturn]] void failNotFinite(const char* what, const char* setting);

    const PpoModels& m_models;
    std::span<const TokenIds> m_prompts;
    const StageContext& m_context;
    Communicator& m_ranks;

    // Settings.
    const std::uint64_t m_seed;
    const std::int64_t m_rolloutSize, m_ppoEpochs, m_minibatch, m_microBatch, m_warmupRollouts;
    const std::int64_t m_perEpoch; ///< minibatches
    const ComputeType m_computeType;
    const double m_temperature, m_valueLossCoefficient;
    GenerationOptions m_generation;
    AdvantageOptions m_advantageOptions;
    PpoLossOptions m_lossOptions;

    // What a checkpoint holds.
    StageOutcome m_outcome;
    NamedTensors m_policyParameters;
    const bool m_sharedTrunk; ///< the value model is a head on the policy
    NamedTensors m_valueParameters;
    Optimizer m_policyOptimizer, m_valueOptimizer;
    KlController m_controller;
    RunningScale m_scale;
    std::vector<Episode> m_episodes; ///< empty: the next rollout is not collected yet
    std::int64_t m_minibatchesDone = 0; ///< of this rollout
    UpdateSums m_sums;

    // Computed from m_episodes.
    AdvantageResult m_terms;
    std::vector<double> m_oldLogProbs, m_oldValues;

    CheckpointClock m_clock;
    BatchRoom m_room; ///< of the update phase
};

std::int64_t rolloutSizeFor(const Settings& settings, std::size_t prompts)
{
    const std::int64_t episodes = settings.integer("total_episodes");
    return std::min(settings.integer("rollout_batch"), episodes > 0 ? episodes : std::int64_t(prompts));
}

OptimizerOptions valueOptimizerOptions(const Settings& settings)
{
    OptimizerOptions options = optimizerOptions(settings);
    options.learningRate = settings.real("value_learning_rate");
    return options;
}

NamedTensors trainable(Model& model)
{
    model.setRequiresGrad(true);
    return model.trainable();
}

PpoRun::PpoRun(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context)
    : m_models(models)
    , m_prompts(prompts)
    , m_context(context)
    , m_ranks(*context.ranks)
    , m_seed(std::uint64_t(context.settings.integer("seed")))
    , m_rolloutSize(rolloutSizeFor(context.settings, prompts.size()))
    , m_ppoEpochs(context.settings.integer("ppo_epochs"))
    , m_minibatch(context.settings.integer("minibatch_size"))
    , m_microBatch(context.settings.integer("micro_batch"))
    , m_warmupRollouts(context.settings.integer("value_warmup_rollouts"))
    , m_perEpoch((m_rolloutSize + m_minibatch - 1) / m_minibatch)
    , m_computeType(computeTypeFromName(context.settings.text("dtype")))
    , m_temperature(context.settings.real("temperature"))
    , m_valueLossCoefficient(context.settings.real("value_loss_coef"))
    , m_policyParameters(trainable(models.policy))
    , m_sharedTrunk(sharesTrunk(models))
    , m_valueParameters(m_sharedTrunk ? NamedTensors {{"score.weight", models.value.head}} : trainable(models.value))
    , m_policyOptimizer(m_policyParameters, optimizerOptions(context.settings))
    , m_valueOptimizer(m_valueParameters, valueOptimizerOptions(context.settings))
    , m_clock(context.settings.integer("checkpoint_every"))
    , m_room(m_microBatch, m_ranks.alone(), context.warning)
{
    const Settings& settings = context.settings;
    for (const Model* model : {static_cast<const Model*>(&models.policy), &models.reference, &models.rewardModel,
             static_cast<const Model*>(&models.value), models.sft})
        if (model)
            model->trunk->computeType = m_computeType;

    m_generation.maxNewTokens = settings.integer("max_new_tokens");
    m_generation.temperature = m_temperature;
    m_generation.stopIds = stopIds(models.policy);

    m_advantageOptions.klEstimator = klEstimatorFromName(settings.text("kl_estimator"));
    m_advantageOptions.discount = settings.real("gamma");
    m_advantageOptions.gaeLambda = settings.real("lam");
    m_advantageOptions.whitenRewards = settings.flag("whiten_rewards");
    m_advantageOptions.whitenAdvantages = settings.flag("whiten_advantages");
    m_lossOptions = {settings.real("cliprange"), settings.real("cliprange_value")};
    m_controller = settings.flag("kl_adaptive")
        ? KlController::adaptive(settings.real("kl_coef"), settings.real("kl_target"), settings.real("kl_horizon"))
        : KlController::fixed(settings.real("kl_coef"));

    const std::int64_t episodes = settings.integer("total_episodes") > 0
        ? settings.integer("total_episodes")
        : std::max<std::int64_t>(1, std::int64_t(std::ceil(settings.real("epochs") * double(prompts.size()))));
    m_outcome.totalSteps = settings.integer("max_steps") > 0 ? settings.integer("max_steps")
                                                             : (episodes + m_rolloutSize - 1) / m_rolloutSize;
}

StageOutcome PpoRun::run()
{
    restore();
    const KeptWhenLost kept(m_ranks, [this] {
        if (m_outcome.steps > m_outcome.resumedAt || !m_episodes.empty())
            save();
    });
    if (!m_ranks.alone() && !(m_outcome.stopped = m_context.stopped()))
        m_ranks.requireSame(std::int64_t(m_prompts.size()), "prompts");
    while (m_outcome.steps < m_outcome.totalSteps && !m_outcome.stopped) {
        const auto begin = std::chrono::steady_clock::now();
        // Rollout phase, unless a checkpoint brought a rollout that is half used.
        if (m_episodes.empty() && !collect()) {
            m_outcome.stopped = true;
            break;
        }
        computeAdvantages();
        if (!update()) {
            m_outcome.stopped = true;
            break;
        }
        ++m_outcome.steps;
        const double kl = report(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        const bool tooFar = isTooLarge(kl);
        m_episodes.clear();
        m_minibatchesDone = 0;
        m_sums = {};
        if (tooFar)
            break;
        if (m_outcome.steps < m_outcome.totalSteps && m_clock.due(m_outcome.steps))
            save();
    }
    if (m_outcome.stopped && (m_outcome.steps > m_outcome.resumedAt || !m_episodes.empty()))
        save();
    m_models.policy.setRequiresGrad(false);
    for (auto& [name, parameter] : m_valueParameters)
        parameter.set_requires_grad(false);
    return m_outcome;
}

bool PpoRun::collect()
{
    if (m_context.stopped())
        return false;
    drawPrompts();
    bool done = false;
    try {
        done = sampleResponses()
            && recordTerms(m_episodes, m_models, {m_temperature, m_microBatch, m_computeType}, m_ranks,
                [this] { return m_context.stopped(); });
    } catch (const LostRank&) {
        m_episodes.clear();
        throw;
    }
    if (done)
        rewardResponses();
    else
        m_episodes.clear(); // drawn again the same way
    return done;
}

/// step 1. Epochs of shuffled prompts, cut into rollouts.
void PpoRun::drawPrompts()
{
    const auto count = std::int64_t(m_prompts.size());
    m_episodes.resize(std::size_t(m_rolloutSize));
    std::vector<std::int64_t> order(m_prompts.size());
    std::int64_t orderOf = -1;
    for (std::int64_t i = 0; i < m_rolloutSize; ++i) {
        const std::int64_t position = m_outcome.steps * m_rolloutSize + i, epoch = position / count;
        if (epoch != orderOf) {
            std::iota(order.begin(), order.end(), 0);
            if (m_context.settings.flag("shuffle"))
                RandomStream(m_seed, fmt::format("prompts of epoch {}", epoch)).shuffle(order);
            orderOf = epoch;
        }
        m_episodes[std::size_t(i)].prompt = m_prompts[std::size_t(order[std::size_t(position % count)])];
    }
}

/// step 2. Log-probs are recorded while generating. Each rank answers a block of the prompts; a response depends on the
/// number of its row, not on who draws it.
bool PpoRun::sampleResponses()
{
    const Block own = blockOf(m_rolloutSize, m_ranks.rank(), m_ranks.size());
    std::vector<TokenIds> prompts;
    for (std::int64_t i = own.first; i < own.last; ++i)
        prompts.push_back(m_episodes[std::size_t(i)].prompt);
    m_generation.firstRow = own.first;
    m_models.policy.setRequiresGrad(false);
    auto responses = generate(m_models.policy, prompts, m_generation,
        RandomStream(m_seed, fmt::format("rollout {}", m_outcome.steps)).next(), m_context.stop,
        [&](std::int64_t done) {
            const std::int64_t ofAll = std::min(m_rolloutSize, done * m_ranks.size());
            if (m_context.progress)
                m_context.progress("Sampling responses", double(ofAll) / double(m_rolloutSize),
                    fmt::format("{} of {}", ofAll, m_rolloutSize));
        });
    m_models.policy.setRequiresGrad(true);
    if (m_context.stopped())
        return false;
    for (std::size_t i = 0; i < responses.size(); ++i) {
        Episode& episode = m_episodes[std::size_t(own.first) + i];
        episode.response = std::move(responses[i].ids);
        episode.finished = responses[i].finished;
        episode.terms.logProbs.assign(responses[i].logProbs.begin(), responses[i].logProbs.end());
    }
    exchangeResponses(m_episodes, own, m_ranks);
    return true;
}

/// step 3. From raw scores to the scores that are rewarded.
void PpoRun::rewardResponses()
{
    const Settings& settings = m_context.settings;
    const bool normalise = settings.text("normalize_scores") == "running";
    const double penalty = settings.real("missing_eos_penalty"), clip = settings.real("score_clip");
    for (const Episode& episode : m_episodes)
        m_scale.add(episode.rawScore);
    for (Episode& episode : m_episodes) {
        double score = normalise ? m_scale.normalised(episode.rawScore) : episode.rawScore;
        if (!episode.finished)
            score -= penalty;
        episode.terms.score = clip > 0.0 ? std::clamp(score, -clip, clip) : score;
    }
}

/// step 4. Rewards, advantages, returns.
void PpoRun::computeAdvantages()
{
    std::vector<RolloutSequence> sequences;
    m_oldLogProbs.clear();
    m_oldValues.clear();
    for (Episode& episode : m_episodes) {
        episode.first = m_oldLogProbs.size();
        sequences.push_back(episode.terms);
        m_oldLogProbs.insert(m_oldLogProbs.end(), episode.terms.logProbs.begin(), episode.terms.logProbs.end());
        m_oldValues.insert(m_oldValues.end(), episode.terms.values.begin(), episode.terms.values.end());
    }
    m_advantageOptions.klCoefficient = m_controller.coefficient();
    m_terms = advantages(sequences, m_advantageOptions);
}

/// step 5. Epochs of minibatches over the rollout, going on after the minibatches that are done.
bool PpoRun::update()
{
    std::vector<std::int64_t> order(m_episodes.size());
    std::int64_t orderOf = -1;
    while (m_minibatchesDone < m_ppoEpochs * m_perEpoch) {
        const std::int64_t epoch = m_minibatchesDone / m_perEpoch;
        if (epoch != orderOf) {
            std::iota(order.begin(), order.end(), 0);
            RandomStream(m_seed, fmt::format("minibatches of rollout {} epoch {}", m_outcome.steps, epoch))
                .shuffle(order);
            orderOf = epoch;
        }
        const auto from = std::size_t(m_minibatchesDone % m_perEpoch * m_minibatch);
        const auto minibatch = std::span<const std::int64_t>(order).subspan(
            from, std::min(std::size_t(m_minibatch), order.size() - from));
        UpdateSums sums;
        if (!accumulateInMemory(minibatch, sums)) {
            m_policyOptimizer.clearGradients();
            m_valueOptimizer.clearGradients();
            return false;
        }
        apply(sums);
        m_sums = sums;
        ++m_minibatchesDone;
        if (m_minibatchesDone < m_ppoEpochs * m_perEpoch && m_clock.dueByTime())
            save();
    }
    return true;
}

/// accumulate(), with smaller micro-batches where memory runs out.
bool PpoRun::accumulateInMemory(std::span<const std::int64_t> minibatch, UpdateSums& sums)
{
    while (true) {
        sums = m_sums;
        try {
            return accumulate(minibatch, sums);
        } catch (const std::exception& error) {
            m_policyOptimizer.clearGradients();
            m_valueOptimizer.clearGradients();
            if (m_room.shrink(error))
                continue;
            if (!isOutOfMemory(error))
                throw;
            save();
            fail("{}", m_room.reason());
        }
    }
}

/// Gradients of a minibatch, micro-batch by micro-batch; every token of the minibatch has the same weight. Each rank
/// has a block of it; gradients and sums are those of all ranks afterwards.
bool PpoRun::accumulate(std::span<const std::int64_t> minibatch, UpdateSums& sums)
{
    const std::vector<double>& trained = m_advantageOptions.whitenAdvantages ? m_terms.whitened : m_terms.advantages;
    double tokens = 0.0;
    for (const std::int64_t number : minibatch)
        tokens += double(m_episodes[std::size_t(number)].response.size());
    const Block own = blockOf(std::int64_t(minibatch.size()), m_ranks.rank(), m_ranks.size());
    const std::int64_t largest = largestBlock(std::int64_t(minibatch.size()), m_ranks.size());
    UpdateSums part;
    for (std::int64_t offset = 0; offset < largest; offset += m_room.largest()) {
        if (m_context.stopped())
            return false;
        const std::int64_t from = own.first + offset;
        if (from >= own.last)
            continue; // another rank has more
        const auto numbers
            = minibatch.subspan(std::size_t(from), std::size_t(std::min(m_room.largest(), own.last - from)));
        const EpisodeBatch batch = layOut(m_episodes, numbers);
        const at::Tensor advantage = pick(trained, m_episodes, numbers); // (R)
        const double weight = double(advantage.size(0)) / std::max(1.0, tokens);
        const LogProbOptions options {.temperature = m_temperature, .entropy = true, .computeType = m_computeType};
        const bool together = m_sharedTrunk && !policyIsFrozen(); // one pass, one graph; else one after the other
        PolicyAndValues pass;
        at::Tensor policyLoss;
        if (together)
            pass = policyAndValues(m_models, batch, options);
        if (!policyIsFrozen()) {
            if (!together)
                pass.policy = responseLogProbs(*m_models.policy.trunk, batch.packed, batch.responses, options);
            const PolicyLoss loss = ppoPolicyLoss(
                pass.policy.tokens.logProbs, pick(m_oldLogProbs, m_episodes, numbers), advantage, m_lossOptions);
            policyLoss = loss.loss * weight;
            if (!together)
                policyLoss.backward();
            part.policyLoss += weight * loss.loss.item<double>();
            part.clipFraction += weight * loss.clipFraction;
            part.approxKl += weight * loss.approxKl;
            part.ratio += weight * loss.meanRatio;
            part.entropy += weight * pass.policy.tokens.entropy.mean().item<double>();
        }
        if (!together)
            pass.values = valuesOf(m_models.value, batch.packed, batch.responses, /*trunkToo=*/!m_sharedTrunk);
        const ValueLoss loss = ppoValueLoss(pass.values, pick(m_oldValues, m_episodes, numbers),
            pick(m_terms.returns, m_episodes, numbers), m_lossOptions);
        if (together)
            (policyLoss + loss.loss * (weight * m_valueLossCoefficient)).backward();
        else
            (loss.loss * weight).backward();
        part.valueLoss += weight * loss.loss.item<double>();
        part.valueClipFraction += weight * loss.clipFraction;
    }
    std::vector<double> values;
    for (const auto sum : kSums)
        values.push_back(part.*sum);
    m_ranks.sum(values);
    for (std::size_t i = 0; i < kSums.size(); ++i)
        sums.*kSums[i] += values[i];
    // Both before a step of either, so that what a checkpoint holds fits together when a rank is lost in between.
    sumGradients(m_policyParameters, m_ranks);
    sumGradients(m_valueParameters, m_ranks);
    return true;
}

void PpoRun::apply(UpdateSums& sums)
{
    if (!std::isfinite(sums.policyLoss))
        failNotFinite("loss of the policy", "learning_rate");
    if (!std::isfinite(sums.valueLoss))
        failNotFinite("loss of the value model", "value_learning_rate");
    const std::int64_t perRollout = m_ppoEpochs * m_perEpoch;
    const std::int64_t step = m_outcome.steps * perRollout + m_minibatchesDone,
                       steps = m_outcome.totalSteps * perRollout;
    if (!policyIsFrozen()) {
        const auto taken = m_policyOptimizer.step(step, steps);
        if (!taken.applied)
            failNotFinite("gradient of the policy", "learning_rate");
        sums.policyGradNorm += taken.gradNorm;
        sums.policyRate = taken.learningRate;
    }
    const auto taken = m_valueOptimizer.step(step, steps);
    if (!taken.applied)
        failNotFinite("gradient of the value model", "value_learning_rate");
    sums.valueGradNorm += taken.gradNorm;
    sums.valueRate = taken.learningRate;
}

void PpoRun::failNotFinite(const char* what, const char* setting)
{
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    if (m_context.metrics) // the curve shows it
        m_context.metrics(
            m_outcome.steps + 1, m_outcome.totalSteps, {{"loss/policy_avg", nan}, {"loss/value_avg", nan}});
    fail("Rollout {}: the {} is not a finite number, so the step was not applied and the run ends; lower {}",
        m_outcome.steps + 1, what, setting);
}

/// step 6.
double PpoRun::report(double seconds)
{
    const double n = double(m_episodes.size());
    const double updates = double(std::max<std::int64_t>(1, m_minibatchesDone));
    double kl = 0.0, klSft = 0.0, entropy = 0.0, raw = 0.0, score = 0.0, finished = 0.0;
    for (const Episode& episode : m_episodes) {
        raw += episode.rawScore / n;
        score += episode.terms.score / n;
        finished += episode.finished ? 1.0 : 0.0;
        for (std::size_t t = 0; t < episode.response.size(); ++t) {
            kl += (episode.terms.logProbs[t] - episode.terms.referenceLogProbs[t]) / n;
            entropy -= episode.terms.logProbs[t] / n;
            if (!episode.sftLogProbs.empty())
                klSft += (episode.terms.logProbs[t] - episode.sftLogProbs[t]) / n;
        }
    }
    const auto tokens = double(m_oldLogProbs.size());
    const double nonScore = -m_controller.coefficient() * m_terms.meanKl;
    Metrics metrics {{"objective/kl", kl}, {"objective/scores", raw}, {"objective/rlhf_reward", score + nonScore},
        {"objective/non_score_reward", nonScore}, {"objective/entropy", entropy},
        {"objective/kl_coef", m_controller.coefficient()}, {"policy/approxkl_avg", m_sums.approxKl / updates},
        {"policy/clipfrac_avg", m_sums.clipFraction / updates}, {"policy/entropy_avg", m_sums.entropy / updates},
        {"loss/policy_avg", m_sums.policyLoss / updates}, {"loss/value_avg", m_sums.valueLoss / updates},
        {"val/clipfrac_avg", m_sums.valueClipFraction / updates},
        {"val/ratio", m_outcome.steps - 1 < m_warmupRollouts ? 1.0 : m_sums.ratio / updates},
        {"val/explained_variance", explainedVariance(m_terms.returns, m_oldValues)}, {"val/num_eos_tokens", finished},
        {"response/length", tokens / n}, {"response/eos_share", finished / n}, {"lr", m_sums.policyRate},
        {"value_lr", m_sums.valueRate}, {"policy/grad_norm", m_sums.policyGradNorm / updates},
        {"value/grad_norm", m_sums.valueGradNorm / updates}, {"episode", double(m_outcome.steps * m_rolloutSize)},
        {"step_seconds", seconds}, {"tokens_per_second", tokens / std::max(seconds, 1e-9)},
        {"peak_rss_mb", peakResidentMb()}};
    if (m_models.sft)
        metrics.insert(metrics.begin() + 1, {"objective/kl_sft", klSft});
    if (m_context.metrics)
        m_context.metrics(m_outcome.steps, m_outcome.totalSteps, metrics);
    if (m_context.samples && m_models.policy.tokenizer) {
        const Tokenizer& tokenizer = *m_models.policy.tokenizer;
        std::vector<SampleRow> rows;
        const auto shown = std::min<std::int64_t>(m_context.settings.integer("sample_prompts"), m_rolloutSize);
        for (std::int64_t i = 0; i < shown; ++i) {
            const Episode& episode = m_episodes[std::size_t(i)];
            rows.push_back({m_outcome.steps, i, tokenizer.decode(episode.prompt), tokenizer.decode(episode.response),
                episode.rawScore});
        }
        m_context.samples(rows);
    }
    m_controller.update(kl, m_rolloutSize);
    return kl;
}

bool PpoRun::isTooLarge(double kl) const
{
    const double limit = m_context.settings.real("max_kl");
    if (limit <= 0.0 || kl <= limit)
        return false;
    if (m_context.warning)
        m_context.warning(fmt::format(
            "The KL to the reference is {:.2f} nats, above max_kl = {:.2f}: the run stops here", kl, limit));
    return true;
}

void PpoRun::restore()
{
    const auto checkpoint = newestCheckpoint(m_context);
    if (!checkpoint)
        return;
    checkpoint->restoreParameters(m_policyParameters, "policy.");
    checkpoint->restoreParameters(m_valueParameters, "value.");
    m_policyOptimizer.restore(checkpoint->tensors, "policy_optimizer.");
    m_valueOptimizer.restore(checkpoint->tensors, "value_optimizer.");
    const Json& values = checkpoint->values;
    m_controller.restore(values.at("kl_coef").get<double>());
    m_scale = {values.at("score_count").get<double>(), values.at("score_mean").get<double>(),
        values.at("score_m2").get<double>()};
    m_minibatchesDone = values.at("minibatches").get<std::int64_t>();
    if (values.at("rollout").get<bool>())
        m_episodes = restoreRollout(checkpoint->tensors, "rollout.");
    for (std::size_t i = 0; i < kSums.size(); ++i)
        m_sums.*kSums[i] = values.at("sums").at(i).get<double>();
    m_outcome.steps = m_outcome.resumedAt = checkpoint->step;
}

void PpoRun::save()
{
    if (m_context.checkpoints.empty())
        return;
    NamedTensors tensors;
    const auto add = [&](const NamedTensors& from, const std::string& prefix) {
        for (const auto& [name, tensor] : from)
            tensors.emplace_back(prefix + name, tensor.detach());
    };
    add(m_policyParameters, "policy.");
    add(m_valueParameters, "value.");
    add(m_policyOptimizer.state(), "policy_optimizer.");
    add(m_valueOptimizer.state(), "value_optimizer.");
    if (!m_episodes.empty())
        storeRollout(m_episodes, "rollout.", tensors);
    Json sums = Json::array();
    for (const auto sum : kSums)
        sums.push_back(m_sums.*sum);
    m_clock.time([&] {
        writeCheckpoint(m_context.checkpoints, m_outcome.steps,
            Json {{"kl_coef", m_controller.coefficient()}, {"score_count", m_scale.count}, {"score_mean", m_scale.mean},
                {"score_m2", m_scale.m2}, {"rollout", !m_episodes.empty()}, {"minibatches", m_minibatchesDone},
                {"sums", sums}},
            tensors);
    });
}

} // namespace

StageOutcome trainPpo(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context)
{
    if (prompts.empty())
        fail(
            "PPO has no prompts: the hard part of the split is empty; choose a higher threshold or train on all pairs");
    return PpoRun(models, prompts, context).run();
}

} // namespace mpo
