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
//     advantage_estimator = rloo: no value model, several responses to each prompt, ratios of whole responses;
//  7. log-probs of reference and SFT model at the same temperature; both KLs are logged.
// A checkpoint may fall between two minibatches: it then holds the rollout too, and a resumed run repeats what an
// uninterrupted one does bit for bit.

#include "core/loss/log_probs.h"
#include "core/loss/ppo_loss.h"
#include "core/model/frozen_weights.h"
#include "core/parallel/gradient_sum.h"
#include "core/rl/ppo_terms.h"
#include "core/rl/rloo.h"
#include "core/stage/alarms.h"
#include "core/stage/batch_room.h"
#include "core/stage/checkpoint_keeper.h"
#include "core/stage/divergence.h"
#include "core/stage/optimizer.h"
#include "core/stage/ppo_exchange.h"
#include "core/stage/ppo_rollout.h"
#include "core/stage/run_identity.h"
#include "core/stage/sample_strip.h"
#include "core/stage/shared_checkpoint.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"
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

/// What of a rollout is not finite; empty: all is.
std::string notFinite(std::span<const Episode> episodes)
{
    const auto bad = [](const std::vector<double>& values) {
        return std::any_of(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
    };
    for (const Episode& episode : episodes) {
        if (bad(episode.terms.logProbs))
            return "a log-probability of the policy";
        if (bad(episode.terms.referenceLogProbs))
            return "a log-probability of the reference";
        if (bad(episode.sftLogProbs))
            return "a log-probability of the SFT model";
        if (bad(episode.terms.values))
            return "a value";
        if (!std::isfinite(episode.rawScore))
            return "a score of the reward model";
    }
    return {};
}

/// One PPO training. A step is a rollout with its update phase.
class PpoRun
{
public:
    PpoRun(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context);
    StageOutcome run();

private:
    /// How a phase of a rollout ended: to its end, stopped on request, or with the run gone back to a checkpoint.
    enum class Phase { Done, Stopped, WentBack };
    // Rollout phase.
    void drawPrompts();
    bool sampleResponses(); ///< false: stopped
    void rewardResponses();
    Phase collect();
    // Update phase.
    void computeAdvantages();
    Phase update();
    bool accumulateInMemory(std::span<const std::int64_t> minibatch, UpdateSums& sums);
    bool accumulate(std::span<const std::int64_t> minibatch, UpdateSums& sums); ///< false: stopped
    bool apply(UpdateSums& sums); ///< false: something is not finite, nothing was applied and the run went back

    double report(double seconds); ///< returns the KL to the reference, nats a response
    void log(std::int64_t step, const Metrics& metrics);
    void leaveOutRollout();
    void nextRollout();
    bool isTooLarge(double kl) const;
    void restore(const Checkpoint& checkpoint);
    void fill(Json& values, NamedTensors& tensors) const;
    bool stopped() { return m_keeper.stopped(m_outcome.steps); }
    bool usesValues() const { return m_group == 1; }
    PolicyLoss policyLoss(const ResponseLogProbs& pass, std::span<const std::int64_t> numbers) const;
    bool policyIsFrozen() const { return m_outcome.steps < m_warmupRollouts; }
    /// Something is not finite, because of a minibatch of a rollout or of the whole: the run ends or goes back.
    void goBack(std::int64_t rollout, std::int64_t minibatch, const std::string& what, const std::string& remedy);
    void wentTooFar();
    bool weightsAreFinite() const;
    void clearGradients();

    const PpoModels& m_models;
    std::span<const TokenIds> m_prompts;
    const StageContext& m_context;
    Communicator& m_ranks;

    // Settings.
    const std::uint64_t m_seed;
    const std::int64_t m_group; ///< responses to each prompt; above 1: leave-one-out, without a value model
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
    std::vector<Episode> m_episodes;
    bool m_collected = false; ///< false: the episodes of the next rollout are not complete yet
    std::int64_t m_minibatchesDone = 0; ///< of this rollout
    UpdateSums m_sums;
    Alarms m_alarms;
    Divergence m_divergence;

    // Computed from m_episodes.
    AdvantageResult m_terms;
    std::vector<double> m_oldLogProbs, m_oldValues;

    CheckpointKeeper m_keeper;
    BatchRoom m_room; ///< of the update phase
    SampleStrip m_strip;
};

std::int64_t groupFor(const Settings& settings)
{
    return settings.text("advantage_estimator") == "rloo" ? settings.integer("num_generations") : 1;
}

/// Responses of a rollout: whole groups.
std::int64_t rolloutSizeFor(const Settings& settings, std::size_t prompts)
{
    const std::int64_t episodes = settings.integer("total_episodes"), group = groupFor(settings);
    const std::int64_t size
        = std::min(settings.integer("rollout_batch"), episodes > 0 ? episodes : std::int64_t(prompts) * group);
    return std::max(group, size / group * group);
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

/// What a checkpoint of another run of the same settings would differ in.
Json identityOf(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context)
{
    if (context.checkpoints.empty())
        return Json::object();
    Json identity {{"model", modelDigest(models.policy)}, {"reference model", modelDigest(models.reference)},
        {"reward model", modelDigest(models.rewardModel)}, {"set of prompts", digestOf(prompts)}};
    if (models.sft)
        identity["SFT model"] = modelDigest(*models.sft);
    return identity;
}

std::vector<TokenIds> promptsToShow(std::span<const TokenIds> prompts, const Settings& settings)
{
    std::vector<TokenIds> shown;
    for (const std::int64_t number : sampleNumbers(std::int64_t(prompts.size()), settings.integer("sample_prompts")))
        shown.push_back(prompts[std::size_t(number)]);
    return shown;
}

PpoRun::PpoRun(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context)
    : m_models(models)
    , m_prompts(prompts)
    , m_context(context)
    , m_ranks(*context.ranks)
    , m_seed(std::uint64_t(context.settings.integer("seed")))
    , m_group(groupFor(context.settings))
    , m_rolloutSize(rolloutSizeFor(context.settings, prompts.size()))
    , m_ppoEpochs(context.settings.integer("ppo_epochs"))
    , m_minibatch(context.settings.integer("minibatch_size"))
    , m_microBatch(context.settings.integer("micro_batch"))
    , m_warmupRollouts(usesValues() ? context.settings.integer("value_warmup_rollouts") : 0)
    , m_perEpoch((m_rolloutSize + m_minibatch - 1) / m_minibatch)
    , m_computeType(computeTypeFor(context.settings.text("dtype"), models.policy.config()))
    , m_temperature(context.settings.real("temperature"))
    , m_valueLossCoefficient(context.settings.real("value_loss_coef"))
    , m_policyParameters(trainable(models.policy))
    , m_sharedTrunk(sharesTrunk(models))
    , m_valueParameters(m_sharedTrunk ? NamedTensors {{"score.weight", models.value.head}} : trainable(models.value))
    , m_policyOptimizer(m_policyParameters, optimizerOptions(context.settings))
    , m_valueOptimizer(m_valueParameters, valueOptimizerOptions(context.settings))
    , m_alarms(context.settings)
    , m_divergence(context.settings)
    , m_keeper(context, identityOf(models, prompts, context),
          [this](Json& values, NamedTensors& tensors) { fill(values, tensors); })
    , m_room(m_microBatch, m_ranks.alone(), context.warning)
    , m_strip(context, promptsToShow(prompts, context.settings),
          {context.settings.integer("max_new_tokens"), m_temperature},
          [this](const std::vector<TokenIds>& responses, const std::vector<std::string>&) {
              return scoreResponses(m_models.rewardModel, promptsToShow(m_prompts, m_context.settings), responses);
          })
{
    const Settings& settings = context.settings;
    for (const Model* model : {&models.rewardModel, &models.reference, models.sft})
        if (model)
            prepareForInference(*model, settings.text("dtype"));
    for (Model* model : {&models.policy, &models.value})
        prepareForTraining(*model, settings);

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
        : std::max<std::int64_t>(
            1, m_group * std::int64_t(std::ceil(settings.real("epochs") * double(prompts.size()))));
    m_outcome.totalSteps = settings.integer("max_steps") > 0 ? settings.integer("max_steps")
                                                             : (episodes + m_rolloutSize - 1) / m_rolloutSize;
}

StageOutcome PpoRun::run()
{
    if (const auto checkpoint = m_keeper.newest()) {
        restore(*checkpoint);
        m_outcome.resumedAt = m_outcome.steps;
    } else if (m_divergence.rollsBack()) {
        m_keeper.write(0); // there is always one to go back to
    }
    const KeptWhenLost kept(m_ranks, [this] {
        if (m_outcome.steps > m_outcome.resumedAt || m_collected)
            m_keeper.writeAtStop(m_outcome.steps);
    });
    if (!m_ranks.alone() && !(m_outcome.stopped = m_context.stopped()))
        m_ranks.requireSame(std::int64_t(m_prompts.size()), "prompts");
    if (m_outcome.steps == 0 && !m_outcome.stopped)
        m_strip.showReference(m_models.reference);
    bool tooFar = false;
    while (m_outcome.steps < m_outcome.totalSteps && !tooFar && !m_outcome.stopped) {
        const auto begin = std::chrono::steady_clock::now();
        if (m_divergence.skips(m_outcome.steps)) {
            leaveOutRollout();
            continue;
        }
        // Rollout phase, unless a checkpoint brought a rollout that is half used.
        const Phase collected = m_collected ? Phase::Done : collect();
        if (collected == Phase::Done)
            computeAdvantages();
        const Phase phase = collected == Phase::Done ? update() : collected;
        if (phase == Phase::WentBack)
            continue;
        if (phase == Phase::Stopped) {
            m_outcome.stopped = true;
            break;
        }
        ++m_outcome.steps;
        tooFar = isTooLarge(report(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()));
        if (m_strip.due(m_outcome.steps, m_outcome.totalSteps))
            m_strip.show(m_models.policy, m_outcome.steps);
        nextRollout();
        const bool last = tooFar || m_outcome.steps == m_outcome.totalSteps;
        // Decided by what all ranks know. A checkpoint by time is left out when a weight is not finite: the next
        // minibatch shows it.
        if ((last || m_keeper.dueBySteps(m_outcome.steps)) && !weightsAreFinite())
            wentTooFar();
        else if (!last && m_keeper.due(m_outcome.steps))
            m_keeper.write(m_outcome.steps);
    }
    if (m_outcome.stopped && (m_outcome.steps > m_outcome.resumedAt || m_collected))
        m_keeper.writeAtStop(m_outcome.steps);
    m_models.policy.setRequiresGrad(false);
    for (auto& [name, parameter] : m_valueParameters)
        parameter.set_requires_grad(false);
    return m_outcome;
}

void PpoRun::nextRollout()
{
    m_episodes.clear();
    m_collected = false;
    m_minibatchesDone = 0;
    m_sums = {};
}

PpoRun::Phase PpoRun::collect()
{
    if (stopped())
        return Phase::Stopped;
    drawPrompts();
    bool done = false;
    const auto scoring = [this] {
        if (m_context.progress)
            m_context.progress("Scoring the responses", -1.0, {});
        return true;
    };
    try {
        done = sampleResponses() && scoring()
            && recordTerms(m_episodes, m_models, {m_temperature, m_microBatch, m_computeType, usesValues()}, m_ranks,
                [this] { return stopped(); });
    } catch (const LostRank&) {
        m_episodes.clear();
        throw;
    }
    if (!done) {
        m_episodes.clear(); // drawn again the same way
        return Phase::Stopped;
    }
    if (const std::string what = notFinite(m_episodes); !what.empty()) {
        m_episodes.clear();
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        log(m_outcome.steps + 1, {{"objective/kl", nan}, {"objective/scores", nan}}); // the curve shows it
        goBack(m_outcome.steps, Divergence::kWhole, what, "look at the models and at the prompts of this rollout");
        return Phase::WentBack;
    }
    rewardResponses();
    m_collected = true;
    return Phase::Done;
}

/// step 1.
void PpoRun::drawPrompts()
{
    m_episodes.resize(std::size_t(m_rolloutSize));
    const std::vector<std::int64_t> numbers = promptsOfRollout(m_outcome.steps,
        {std::int64_t(m_prompts.size()), m_rolloutSize, m_group, m_context.settings.flag("shuffle"), m_seed});
    for (std::size_t i = 0; i < numbers.size(); ++i)
        m_episodes[i].prompt = m_prompts[std::size_t(numbers[i])];
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
    if (stopped())
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
    m_terms = usesValues() ? advantages(sequences, m_advantageOptions)
                           : rlooAdvantages(sequences, m_group, m_advantageOptions);
}

/// step 5. Epochs of minibatches over the rollout, going on after the minibatches that are done.
PpoRun::Phase PpoRun::update()
{
    std::vector<std::int64_t> order(m_episodes.size());
    std::int64_t orderOf = -1;
    const std::int64_t minibatches = m_ppoEpochs * m_perEpoch;
    while (m_minibatchesDone < minibatches) {
        if (m_context.progress)
            m_context.progress("Learning from the rollout", double(m_minibatchesDone) / double(minibatches),
                fmt::format("minibatch {} of {}", m_minibatchesDone + 1, minibatches));
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
        if (m_divergence.skips(m_outcome.steps, m_minibatchesDone)) {
            sums.policyLoss = sums.valueLoss = std::numeric_limits<double>::quiet_NaN(); // the curve shows it
        } else {
            if (!accumulateInMemory(minibatch, sums)) {
                clearGradients();
                return Phase::Stopped;
            }
            if (!apply(sums))
                return Phase::WentBack;
        }
        for (const auto sum : kSums)
            m_sums.*sum += sums.*sum;
        m_sums.policyRate = sums.policyRate;
        m_sums.valueRate = sums.valueRate;
        ++m_minibatchesDone;
        if (m_minibatchesDone < minibatches && m_keeper.dueByTime())
            m_keeper.write(m_outcome.steps); // not when a weight is not finite, which the next minibatch shows
    }
    return Phase::Done;
}

void PpoRun::clearGradients()
{
    m_policyOptimizer.clearGradients();
    m_valueOptimizer.clearGradients();
}

/// accumulate(), with smaller micro-batches where memory runs out.
bool PpoRun::accumulateInMemory(std::span<const std::int64_t> minibatch, UpdateSums& sums)
{
    while (true) {
        sums = {};
        try {
            return accumulate(minibatch, sums);
        } catch (const std::exception& error) {
            clearGradients();
            if (m_room.shrink(error))
                continue;
            if (!isOutOfMemory(error))
                throw;
            m_keeper.write(m_outcome.steps);
            fail("{}", m_room.reason());
        }
    }
}

/// Token by token, or with leave-one-out response by response: a response is one action there.
PolicyLoss PpoRun::policyLoss(const ResponseLogProbs& pass, std::span<const std::int64_t> numbers) const
{
    const std::vector<double>& trained = m_advantageOptions.whitenAdvantages ? m_terms.whitened : m_terms.advantages;
    if (usesValues())
        return ppoPolicyLoss(pass.tokens.logProbs, pick(m_oldLogProbs, m_episodes, numbers),
            pick(trained, m_episodes, numbers), m_lossOptions);
    std::vector<float> oldSums, advantages;
    for (const std::int64_t number : numbers) {
        const Episode& episode = m_episodes[std::size_t(number)];
        const auto& logProbs = episode.terms.logProbs;
        oldSums.push_back(float(std::accumulate(logProbs.begin(), logProbs.end(), 0.0)));
        advantages.push_back(logProbs.empty() ? 0.0f : float(m_terms.advantages[episode.first]));
    }
    return ppoPolicyLoss(pass.summed(), at::tensor(oldSums), at::tensor(advantages), m_lossOptions);
}

/// Gradients of a minibatch, micro-batch by micro-batch; every token (leave-one-out: every response) of the minibatch
/// has the same weight. Each rank has a block of it; gradients and sums are those of all ranks afterwards.
bool PpoRun::accumulate(std::span<const std::int64_t> minibatch, UpdateSums& sums)
{
    double tokens = 0.0;
    for (const std::int64_t number : minibatch)
        tokens += double(m_episodes[std::size_t(number)].response.size());
    const Block own = blockOf(std::int64_t(minibatch.size()), m_ranks.rank(), m_ranks.size());
    const std::int64_t largest = largestBlock(std::int64_t(minibatch.size()), m_ranks.size());
    for (std::int64_t offset = 0; offset < largest; offset += m_room.largest()) {
        if (stopped())
            return false;
        const std::int64_t from = own.first + offset;
        if (from >= own.last)
            continue; // another rank has more
        const auto numbers
            = minibatch.subspan(std::size_t(from), std::size_t(std::min(m_room.largest(), own.last - from)));
        const EpisodeBatch batch = layOut(m_episodes, numbers);
        double ownTokens = 0.0;
        for (const std::int64_t number : numbers)
            ownTokens += double(m_episodes[std::size_t(number)].response.size());
        const double tokenWeight = ownTokens / std::max(1.0, tokens);
        const double weight = usesValues() ? tokenWeight : double(numbers.size()) / double(minibatch.size());
        const LogProbOptions options {.temperature = m_temperature, .entropy = true, .computeType = m_computeType};
        const bool together
            = usesValues() && m_sharedTrunk && !policyIsFrozen(); // one pass, one graph; else one after the other
        PolicyAndValues pass;
        at::Tensor weighted;
        if (together)
            pass = policyAndValues(m_models, batch, options);
        if (!policyIsFrozen()) {
            if (!together)
                pass.policy = responseLogProbs(*m_models.policy.trunk, batch.packed, batch.responses, options);
            const PolicyLoss loss = policyLoss(pass.policy, numbers);
            weighted = loss.loss * weight;
            if (!together)
                weighted.backward();
            sums.policyLoss += weight * loss.loss.item<double>();
            sums.clipFraction += weight * loss.clipFraction;
            sums.approxKl += weight * loss.approxKl;
            sums.ratio += weight * loss.meanRatio;
            sums.entropy += tokenWeight * pass.policy.tokens.entropy.mean().item<double>();
        }
        if (!usesValues())
            continue;
        if (!together)
            pass.values = valuesOf(m_models.value, batch.packed, batch.responses, /*trunkToo=*/!m_sharedTrunk);
        const ValueLoss loss = ppoValueLoss(pass.values, pick(m_oldValues, m_episodes, numbers),
            pick(m_terms.returns, m_episodes, numbers), m_lossOptions);
        if (together)
            (weighted + loss.loss * (weight * m_valueLossCoefficient)).backward();
        else
            (loss.loss * weight).backward();
        sums.valueLoss += weight * loss.loss.item<double>();
        sums.valueClipFraction += weight * loss.clipFraction;
    }
    std::vector<double> values;
    for (const auto sum : kSums)
        values.push_back(sums.*sum);
    m_ranks.sum(values);
    for (std::size_t i = 0; i < kSums.size(); ++i)
        sums.*kSums[i] = values[i];
    // Both before a step of either, so that what a checkpoint holds fits together when a rank is lost in between.
    sumGradients(m_policyParameters, m_ranks);
    sumGradients(m_valueParameters, m_ranks);
    return true;
}

bool PpoRun::apply(UpdateSums& sums)
{
    // Both are looked at before either is changed.
    const double policyNorm = policyIsFrozen() ? 0.0 : m_policyOptimizer.gradientNorm(),
                 valueNorm = m_valueOptimizer.gradientNorm();
    const std::string what = !std::isfinite(sums.policyLoss) ? "the loss of the policy"
        : !std::isfinite(sums.valueLoss)                     ? "the loss of the value model"
        : !std::isfinite(policyNorm)                         ? "the gradient of the policy"
        : !std::isfinite(valueNorm)                          ? "the gradient of the value model"
                                                             : "";
    if (!what.empty()) {
        clearGradients();
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        log(m_outcome.steps + 1, {{"loss/policy_avg", nan}, {"loss/value_avg", nan}}); // the curve shows it
        if (weightsAreFinite())
            goBack(m_outcome.steps, m_minibatchesDone, what, "lower learning_rate and value_learning_rate");
        else
            wentTooFar();
        return false;
    }
    const std::int64_t perRollout = m_ppoEpochs * m_perEpoch;
    const std::int64_t step = m_outcome.steps * perRollout + m_minibatchesDone,
                       steps = m_outcome.totalSteps * perRollout;
    if (!policyIsFrozen()) {
        sums.policyGradNorm = policyNorm;
        sums.policyRate = m_policyOptimizer.step(step, steps, policyNorm).learningRate;
    }
    sums.valueGradNorm = valueNorm;
    sums.valueRate = m_valueOptimizer.step(step, steps, valueNorm).learningRate;
    return true;
}

bool PpoRun::weightsAreFinite() const { return allFinite(m_policyParameters) && allFinite(m_valueParameters); }

/// The last minibatch that was applied made a weight infinite, which shows only now.
void PpoRun::wentTooFar()
{
    std::int64_t rollout = m_outcome.steps, minibatch = m_minibatchesDone;
    do {
        if (minibatch == 0) {
            minibatch = m_ppoEpochs * m_perEpoch;
            --rollout;
        }
        --minibatch;
    } while (rollout > 0 && (m_divergence.skips(rollout) || m_divergence.skips(rollout, minibatch)));
    goBack(std::max<std::int64_t>(0, rollout), minibatch, "a weight after it",
        "lower learning_rate and value_learning_rate");
}

void PpoRun::goBack(std::int64_t rollout, std::int64_t minibatch, const std::string& what, const std::string& remedy)
{
    const std::string where = minibatch == Divergence::kWhole
        ? fmt::format("Rollout {}", rollout + 1)
        : fmt::format("Rollout {}, minibatch {}", rollout + 1, minibatch + 1);
    const std::string said = m_divergence.leaveOut(rollout, minibatch, where, what, remedy);
    if (m_context.warning)
        m_context.warning(said);
    if (const auto checkpoint = m_keeper.newest())
        restore(*checkpoint);
    else if (!weightsAreFinite())
        fail("{}; but there is no checkpoint to go back to, so it ends", said);
}

void PpoRun::leaveOutRollout()
{
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    ++m_outcome.steps;
    log(m_outcome.steps,
        {{"objective/kl", nan}, {"objective/scores", nan}, {"loss/policy_avg", nan}, {"loss/value_avg", nan},
            {"episode", double(m_outcome.steps * m_rolloutSize)}, {"peak_rss_mb", peakResidentMb()}});
    nextRollout();
}

void PpoRun::log(std::int64_t step, const Metrics& metrics)
{
    if (m_context.metrics)
        m_context.metrics(step, m_outcome.totalSteps, metrics);
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
    if (!usesValues())
        std::erase_if(metrics, [](const Metric& metric) {
            return metric.name == "loss/value_avg" || metric.name == "val/clipfrac_avg"
                || metric.name == "val/explained_variance" || metric.name.starts_with("value");
        });
    if (m_models.sft)
        metrics.insert(metrics.begin() + 1, {"objective/kl_sft", klSft});
    log(m_outcome.steps, metrics);
    if (const auto alarms = m_alarms.look(m_outcome.steps, metrics); !alarms.empty() && m_context.alarms)
        m_context.alarms(alarms);
    if (!m_alarms.passed().empty() && m_context.alarmsPassed)
        m_context.alarmsPassed(m_outcome.steps, m_alarms.passed());
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

void PpoRun::restore(const Checkpoint& checkpoint)
{
    checkpoint.restoreParameters(m_policyParameters, "policy.");
    checkpoint.restoreParameters(m_valueParameters, "value.");
    m_policyOptimizer.restore(checkpoint.tensors, "policy_optimizer.");
    m_valueOptimizer.restore(checkpoint.tensors, "value_optimizer.");
    const Json& values = checkpoint.values;
    m_controller.restore(values.at("kl_coef").get<double>());
    m_scale = {values.at("score_count").get<double>(), values.at("score_mean").get<double>(),
        values.at("score_m2").get<double>()};
    m_minibatchesDone = values.at("minibatches").get<std::int64_t>();
    m_collected = values.at("rollout").get<bool>();
    m_episodes = m_collected ? restoreRollout(checkpoint.tensors, "rollout.") : std::vector<Episode>();
    for (std::size_t i = 0; i < kSums.size(); ++i) {
        const Json& sum = values.at("sums").at(i);
        m_sums.*kSums[i] = sum.is_null() ? std::numeric_limits<double>::quiet_NaN() : sum.get<double>();
    }
    m_outcome.steps = checkpoint.step;
    if (values.contains("alarms"))
        m_alarms.restore(values["alarms"]);
    if (values.contains("left_out"))
        m_divergence.restore(values["left_out"]);
}

void PpoRun::fill(Json& values, NamedTensors& tensors) const
{
    const auto add = [&](const NamedTensors& from, const std::string& prefix) {
        for (const auto& [name, tensor] : from)
            tensors.emplace_back(prefix + name, tensor.detach());
    };
    add(m_policyParameters, "policy.");
    add(m_valueParameters, "value.");
    add(m_policyOptimizer.state(), "policy_optimizer.");
    add(m_valueOptimizer.state(), "value_optimizer.");
    if (m_collected)
        storeRollout(m_episodes, "rollout.", tensors);
    Json sums = Json::array();
    for (const auto sum : kSums)
        sums.push_back(m_sums.*sum);
    values.update(
        {{"kl_coef", m_controller.coefficient()}, {"score_count", m_scale.count}, {"score_mean", m_scale.mean},
            {"score_m2", m_scale.m2}, {"rollout", m_collected}, {"minibatches", m_minibatchesDone}, {"sums", sums},
            {"alarms", m_alarms.toJson()}, {"left_out", m_divergence.toJson()}});
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
