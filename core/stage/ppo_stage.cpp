// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// PPO for language models, with these details (algorithms and sources: core/README.md):
//  1. the policy samples with plain temperature sampling, so that recorded log-probs are those of the policy;
//  2. score = reward model at the last token, minus missing_eos_penalty where the response ran into max_new_tokens, then
//     optionally divided by its running standard deviation and clipped;
//  3. per-token KL to the reference in the reward, k1 or k3, fixed or adaptive coefficient;
//  4. GAE, returns before whitening, advantages whitened over all response tokens of the rollout;
//  5. clipped policy loss and clipped value loss, token means over a minibatch, ppo_epochs passes over the rollout;
//  6. policy and value model are two networks with optimisers and learning rates of their own; the value model starts as the
//     reward model and may warm up alone (value_warmup_rollouts);
//  7. log-probs of reference and SFT model at the same temperature; both KLs are logged.

#include "core/loss/log_probs.h"
#include "core/loss/ppo_loss.h"
#include "core/rl/ppo_terms.h"
#include "core/stage/checkpoint.h"
#include "core/stage/optimizer.h"
#include "core/stage/stages.h"
#include "core/stage/training_loop.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace mpo {

namespace {

/// Everything recorded for one response.
struct Episode
{
    TokenIds prompt, response;
    bool finished = false;
    RolloutSequence terms;          ///< log-probs, reference log-probs, values, score
    std::vector<double> sftLogProbs;
    double rawScore = 0.0;          ///< of the reward model, before penalty, normalising and clipping
    std::size_t first = 0;          ///< place of its first token in the flat lists of AdvantageResult
};

/// Mean and variance of all scores seen so far (Welford).
struct RunningScale
{
    double count = 0.0, mean = 0.0, m2 = 0.0;
    void add(double x)
    {
        count += 1.0;
        const double delta = x - mean;
        mean += delta / count;
        m2 += delta * (x - mean);
    }
    double normalised(double x) const
    {
        const double deviation = count > 1.0 ? std::sqrt(m2 / (count - 1.0)) : 1.0;
        return (x - mean) / std::max(deviation, 1e-6);
    }
};

struct EpisodeBatch
{
    PackedBatch packed;
    std::vector<std::int64_t> responses; ///< segment numbers
};

EpisodeBatch layOut(std::span<const Episode> episodes, std::span<const std::int64_t> numbers)
{
    PackedBatchBuilder builder;
    EpisodeBatch batch;
    for (const std::int64_t number : numbers) {
        const Episode& episode = episodes[std::size_t(number)];
        batch.responses.push_back(builder.add(episode.response, builder.add(episode.prompt)));
    }
    batch.packed = builder.build();
    return batch;
}

/// Values of the states before each response token. (R)
at::Tensor valuesOf(const Model& value, const PackedBatch& batch, std::span<const std::int64_t> responses)
{
    const ResponseRows rows = responseRows(batch, responses);
    const at::Tensor hidden = value.trunk->hidden(batch).index_select(0, rows.rows); // (R, D)
    return hidden.matmul(value.head.squeeze(0));
}

/// Calls use(episode, token, value of the flat tensor) in order.
void spread(const at::Tensor& flat, std::span<Episode> episodes, std::span<const std::int64_t> numbers,
    const std::function<void(Episode&, double)>& use)
{
    const at::Tensor values = flat.detach().to(at::kDouble).contiguous();
    const double* next = values.const_data_ptr<double>();
    for (const std::int64_t number : numbers)
        for (std::size_t t = 0; t < episodes[std::size_t(number)].response.size(); ++t)
            use(episodes[std::size_t(number)], *next++);
}

/// The entries of a flat list that belong to these episodes, as a tensor.
at::Tensor pick(const std::vector<double>& flat, std::span<const Episode> episodes, std::span<const std::int64_t> numbers)
{
    std::vector<float> values;
    for (const std::int64_t number : numbers) {
        const Episode& episode = episodes[std::size_t(number)];
        for (std::size_t t = 0; t < episode.response.size(); ++t)
            values.push_back(float(flat[episode.first + t]));
    }
    return at::tensor(values);
}

double explainedVariance(const std::vector<double>& returns, const std::vector<Episode>& episodes)
{
    std::vector<double> errors;
    std::size_t i = 0;
    for (const Episode& episode : episodes)
        for (const double value : episode.terms.values)
            errors.push_back(returns[i++] - value);
    const auto variance = [](const std::vector<double>& x) {
        const double mean = std::accumulate(x.begin(), x.end(), 0.0) / double(std::max<std::size_t>(1, x.size()));
        double sum = 0.0;
        for (const double v : x)
            sum += (v - mean) * (v - mean);
        return sum;
    };
    const double total = variance(returns);
    return total > 0.0 ? 1.0 - variance(errors) / total : 0.0;
}

} // namespace

StageOutcome trainPpo(const PpoModels& models, std::span<const TokenIds> prompts, const StageContext& context)
{
    const Settings& settings = context.settings;
    if (prompts.empty())
        fail("PPO has no prompts: the hard part of the split is empty; choose a higher threshold or train on all pairs");
    const ComputeType computeType = computeTypeFromName(settings.text("dtype"));
    for (const Model* model : {static_cast<const Model*>(&models.policy), &models.reference, &models.rewardModel,
             static_cast<const Model*>(&models.value), models.sft})
        if (model)
            model->trunk->computeType = computeType;

    const auto seed = std::uint64_t(settings.integer("seed"));
    const auto count = std::int64_t(prompts.size());
    const std::int64_t rolloutSize = std::min(settings.integer("rollout_batch"), settings.integer("total_episodes") > 0
            ? settings.integer("total_episodes") : std::max<std::int64_t>(count, 1));
    const std::int64_t episodesWanted = settings.integer("total_episodes") > 0
        ? settings.integer("total_episodes")
        : std::max<std::int64_t>(1, std::int64_t(std::ceil(settings.real("epochs") * double(count))));
    const double temperature = settings.real("temperature");
    const std::int64_t minibatch = settings.integer("minibatch_size"), microBatch = settings.integer("micro_batch");
    const std::int64_t warmupRollouts = settings.integer("value_warmup_rollouts");
    const double eosPenalty = settings.real("missing_eos_penalty"), scoreClip = settings.real("score_clip");
    const bool normalise = settings.text("normalize_scores") == "running";
    const double maxKl = settings.real("max_kl");

    AdvantageOptions advantageOptions;
    advantageOptions.klEstimator = klEstimatorFromName(settings.text("kl_estimator"));
    advantageOptions.discount = settings.real("gamma");
    advantageOptions.gaeLambda = settings.real("lam");
    advantageOptions.whitenRewards = settings.flag("whiten_rewards");
    advantageOptions.whitenAdvantages = settings.flag("whiten_advantages");
    KlController controller = settings.flag("kl_adaptive")
        ? KlController::adaptive(settings.real("kl_coef"), settings.real("kl_target"), settings.real("kl_horizon"))
        : KlController::fixed(settings.real("kl_coef"));
    const PpoLossOptions lossOptions {settings.real("cliprange"), settings.real("cliprange_value")};

    GenerationOptions generation;
    generation.maxNewTokens = settings.integer("max_new_tokens");
    generation.temperature = temperature;
    generation.stopIds = stopIds(models.policy);

    StageOutcome outcome; // a step is a rollout
    outcome.totalSteps = settings.integer("max_steps") > 0 ? settings.integer("max_steps")
                                                           : (episodesWanted + rolloutSize - 1) / rolloutSize;

    models.policy.setRequiresGrad(true);
    models.value.setRequiresGrad(true);
    const NamedTensors policyParameters = models.policy.parameters(), valueParameters = models.value.parameters();
    Optimizer policyOptimizer(policyParameters, optimizerOptions(settings));
    OptimizerOptions valueOptions = optimizerOptions(settings);
    valueOptions.learningRate = settings.real("value_learning_rate");
    Optimizer valueOptimizer(valueParameters, valueOptions);
    RunningScale scale;

    // Resume.
    if (!context.checkpoints.empty()) {
        if (const auto checkpoint = readNewestCheckpoint(context.checkpoints)) {
            restoreTensors(*checkpoint, context.checkpoints, "policy.", policyParameters);
            restoreTensors(*checkpoint, context.checkpoints, "value.", valueParameters);
            policyOptimizer.restore(checkpoint->tensors, "policy_optimizer.");
            valueOptimizer.restore(checkpoint->tensors, "value_optimizer.");
            controller.restore(checkpoint->values.at("kl_coef").get<double>());
            scale = {checkpoint->values.at("score_count").get<double>(), checkpoint->values.at("score_mean").get<double>(),
                checkpoint->values.at("score_m2").get<double>()};
            outcome.steps = outcome.resumedAt = checkpoint->step;
        }
    }
    const auto save = [&] {
        NamedTensors tensors;
        const auto add = [&](const NamedTensors& from, const std::string& prefix) {
            for (const auto& [name, tensor] : from)
                tensors.emplace_back(prefix + name, tensor.detach());
        };
        add(policyParameters, "policy.");
        add(valueParameters, "value.");
        add(policyOptimizer.state(), "policy_optimizer.");
        add(valueOptimizer.state(), "value_optimizer.");
        writeCheckpoint(context.checkpoints, outcome.steps,
            Json {{"kl_coef", controller.coefficient()}, {"score_count", scale.count}, {"score_mean", scale.mean}, {"score_m2", scale.m2}},
            tensors);
    };

    // Optimiser steps of the policy so far, for its learning-rate schedule.
    const std::int64_t stepsPerRollout = settings.integer("ppo_epochs") * ((rolloutSize + minibatch - 1) / minibatch);
    const std::int64_t optimiserSteps = stepsPerRollout * outcome.totalSteps;

    bool halfUpdated = false; // stopped between two minibatches of a rollout
    while (outcome.steps < outcome.totalSteps) {
        if (context.stopped()) {
            outcome.stopped = true;
            break;
        }
        const auto begin = std::chrono::steady_clock::now();
        const std::int64_t rollout = outcome.steps;

        // Rollout phase.
        // step 1. Draw prompts: epochs of shuffled prompts, cut into rollouts.
        std::vector<Episode> episodes(static_cast<std::size_t>(rolloutSize));
        std::vector<TokenIds> drawn;
        std::vector<std::int64_t> order;
        std::int64_t orderEpoch = -1;
        for (std::int64_t i = 0; i < rolloutSize; ++i) {
            const std::int64_t position = rollout * rolloutSize + i, epoch = position / count;
            if (epoch != orderEpoch) {
                order.resize(std::size_t(count));
                std::iota(order.begin(), order.end(), 0);
                if (settings.flag("shuffle"))
                    RandomStream(seed, fmt::format("prompts of epoch {}", epoch)).shuffle(order);
                orderEpoch = epoch;
            }
            episodes[std::size_t(i)].prompt = prompts[std::size_t(order[std::size_t(position % count)])];
            drawn.push_back(episodes[std::size_t(i)].prompt);
        }

        // step 2. Sample responses; log-probs are recorded while generating.
        models.policy.setRequiresGrad(false);
        const auto responses = generate(models.policy, drawn, generation, RandomStream(seed, fmt::format("rollout {}", rollout)).next(), context.stop);
        models.policy.setRequiresGrad(true);
        if (context.stopped()) {
            outcome.stopped = true;
            break;
        }
        for (std::size_t i = 0; i < episodes.size(); ++i) {
            episodes[i].response = responses[i].ids;
            episodes[i].finished = responses[i].finished;
            episodes[i].terms.logProbs.assign(responses[i].logProbs.begin(), responses[i].logProbs.end());
        }

        // step 3. Reference, SFT model, values and scores.
        std::vector<std::int64_t> all(episodes.size());
        std::iota(all.begin(), all.end(), 0);
        double tokens = 0.0, entropy = 0.0;
        {
            const at::NoGradGuard noGrad;
            for (std::size_t from = 0; from < all.size(); from += std::size_t(microBatch)) {
                const auto numbers = std::span(all).subspan(from, std::min(std::size_t(microBatch), all.size() - from));
                const EpisodeBatch batch = layOut(episodes, numbers);
                const LogProbOptions options {.temperature = temperature, .computeType = computeType};
                spread(responseLogProbs(*models.reference.trunk, batch.packed, batch.responses, options).tokens.logProbs, episodes,
                    numbers, [](Episode& e, double x) { e.terms.referenceLogProbs.push_back(x); });
                if (models.sft)
                    spread(responseLogProbs(*models.sft->trunk, batch.packed, batch.responses, options).tokens.logProbs, episodes,
                        numbers, [](Episode& e, double x) { e.sftLogProbs.push_back(x); });
                // In bf16 the cached decode and the packed pass differ in the last digits: take the pass that is trained.
                if (computeType == ComputeType::BFloat16) {
                    for (const std::int64_t number : numbers)
                        episodes[std::size_t(number)].terms.logProbs.clear();
                    spread(responseLogProbs(*models.policy.trunk, batch.packed, batch.responses, options).tokens.logProbs, episodes,
                        numbers, [](Episode& e, double x) { e.terms.logProbs.push_back(x); });
                }
                spread(valuesOf(models.value, batch.packed, batch.responses), episodes, numbers,
                    [](Episode& e, double x) { e.terms.values.push_back(x); });
                const at::Tensor raw = scores(models.rewardModel, batch.packed, batch.responses).to(at::kDouble).contiguous();
                for (std::size_t i = 0; i < numbers.size(); ++i)
                    episodes[std::size_t(numbers[i])].rawScore = raw.const_data_ptr<double>()[i];
                if (context.stopped())
                    break;
            }
        }
        if (context.stop.stop_requested()) {
            outcome.stopped = true;
            break;
        }
        double eos = 0.0, scoreSum = 0.0;
        for (Episode& episode : episodes) {
            scale.add(episode.rawScore);
            scoreSum += episode.rawScore;
            eos += episode.finished ? 1.0 : 0.0;
            tokens += double(episode.response.size());
        }
        std::size_t flat = 0;
        double klSft = 0.0;
        std::vector<RolloutSequence> sequences;
        for (Episode& episode : episodes) {
            double score = normalise ? scale.normalised(episode.rawScore) : episode.rawScore;
            if (!episode.finished)
                score -= eosPenalty;
            episode.terms.score = scoreClip > 0.0 ? std::clamp(score, -scoreClip, scoreClip) : score;
            episode.first = flat;
            flat += episode.response.size();
            for (std::size_t t = 0; t < episode.response.size(); ++t) {
                entropy -= episode.terms.logProbs[t];
                if (models.sft)
                    klSft += episode.terms.logProbs[t] - episode.sftLogProbs[t];
            }
            sequences.push_back(episode.terms);
        }

        // step 4. Rewards, advantages, returns.
        advantageOptions.klCoefficient = controller.coefficient();
        const AdvantageResult terms = advantages(sequences, advantageOptions);
        const std::vector<double>& trained = advantageOptions.whitenAdvantages ? terms.whitened : terms.advantages;
        double klReference = 0.0;
        std::vector<double> oldLogProbs, oldValues;
        for (const Episode& episode : episodes) {
            for (std::size_t t = 0; t < episode.response.size(); ++t)
                klReference += episode.terms.logProbs[t] - episode.terms.referenceLogProbs[t];
            oldLogProbs.insert(oldLogProbs.end(), episode.terms.logProbs.begin(), episode.terms.logProbs.end());
            oldValues.insert(oldValues.end(), episode.terms.values.begin(), episode.terms.values.end());
        }

        // Update phase.
        // step 5. Epochs of minibatches over the rollout.
        const bool policyFrozen = rollout < warmupRollouts;
        double policyLoss = 0.0, valueLoss = 0.0, clip = 0.0, valueClip = 0.0, approxKl = 0.0, ratio = 0.0, policyEntropy = 0.0;
        double gradNorm = 0.0, valueGradNorm = 0.0, rate = 0.0, valueRate = 0.0, updates = 0.0;
        std::int64_t optimiserStep = rollout * stepsPerRollout;
        for (std::int64_t epoch = 0; epoch < settings.integer("ppo_epochs") && !outcome.stopped; ++epoch) {
            RandomStream(seed, fmt::format("minibatches of rollout {} epoch {}", rollout, epoch)).shuffle(all);
            for (std::size_t from = 0; from < all.size(); from += std::size_t(minibatch)) {
                const auto mini = std::span(all).subspan(from, std::min(std::size_t(minibatch), all.size() - from));
                double miniTokens = 0.0;
                for (const std::int64_t number : mini)
                    miniTokens += double(episodes[std::size_t(number)].response.size());
                for (std::size_t at = 0; at < mini.size(); at += std::size_t(microBatch)) {
                    const auto numbers = mini.subspan(at, std::min(std::size_t(microBatch), mini.size() - at));
                    const EpisodeBatch batch = layOut(episodes, numbers);
                    const at::Tensor advantage = pick(trained, episodes, numbers);
                    const double weight = double(advantage.size(0)) / std::max(1.0, miniTokens);
                    if (!policyFrozen) {
                        const auto logProbs = responseLogProbs(*models.policy.trunk, batch.packed, batch.responses,
                            {.temperature = temperature, .entropy = true, .computeType = computeType});
                        const PolicyLoss loss = ppoPolicyLoss(
                            logProbs.tokens.logProbs, pick(oldLogProbs, episodes, numbers), advantage, lossOptions);
                        (loss.loss * weight).backward();
                        policyLoss += weight * loss.loss.item<double>();
                        clip += weight * loss.clipFraction;
                        approxKl += weight * loss.approxKl;
                        ratio += weight * loss.meanRatio;
                        policyEntropy += weight * logProbs.tokens.entropy.mean().item<double>();
                    }
                    const ValueLoss loss = ppoValueLoss(valuesOf(models.value, batch.packed, batch.responses),
                        pick(oldValues, episodes, numbers), pick(terms.returns, episodes, numbers), lossOptions);
                    (loss.loss * weight).backward();
                    valueLoss += weight * loss.loss.item<double>();
                    valueClip += weight * loss.clipFraction;
                    if (context.stopped()) {
                        outcome.stopped = true;
                        break;
                    }
                }
                if (outcome.stopped)
                    break;
                updates += 1.0;
                if (!policyFrozen) {
                    const auto taken = policyOptimizer.step(optimiserStep, optimiserSteps);
                    if (!taken.applied)
                        fail("Rollout {}: the gradient of the policy is not a finite number, so the step was not applied and the "
                             "run ends; lower learning_rate", rollout + 1);
                    gradNorm += taken.gradNorm;
                    rate = taken.learningRate;
                }
                const auto taken = valueOptimizer.step(optimiserStep, optimiserSteps);
                if (!taken.applied)
                    fail("Rollout {}: the gradient of the value model is not a finite number, so the step was not applied and the "
                         "run ends; lower value_learning_rate", rollout + 1);
                valueGradNorm += taken.gradNorm;
                valueRate = taken.learningRate;
                ++optimiserStep;
            }
        }
        if (outcome.stopped) {
            // No checkpoint of a rollout half used: a resume goes on from the checkpoint before it.
            halfUpdated = true;
            policyOptimizer.clearGradients();
            valueOptimizer.clearGradients();
            break;
        }
        ++outcome.steps;

        // step 6. Report.
        const double n = double(episodes.size()), meanKl = klReference / n;
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        const double nonScore = -controller.coefficient() * terms.meanKl;
        double scoreMean = 0.0;
        for (const Episode& episode : episodes)
            scoreMean += episode.terms.score / n;
        updates = std::max(1.0, updates);
        Metrics metrics {{"objective/kl", meanKl}, {"objective/scores", scoreSum / n}, {"objective/rlhf_reward", scoreMean + nonScore},
            {"objective/non_score_reward", nonScore}, {"objective/entropy", entropy / n}, {"objective/kl_coef", controller.coefficient()},
            {"policy/approxkl_avg", approxKl / updates}, {"policy/clipfrac_avg", clip / updates},
            {"policy/entropy_avg", policyEntropy / updates}, {"loss/policy_avg", policyLoss / updates},
            {"loss/value_avg", valueLoss / updates}, {"val/clipfrac_avg", valueClip / updates},
            {"val/ratio", policyFrozen ? 1.0 : ratio / updates}, {"val/explained_variance", explainedVariance(terms.returns, episodes)},
            {"val/num_eos_tokens", eos}, {"response/length", tokens / n}, {"response/eos_share", eos / n}, {"lr", rate},
            {"value_lr", valueRate}, {"policy/grad_norm", gradNorm / updates}, {"value/grad_norm", valueGradNorm / updates},
            {"episode", double(outcome.steps * rolloutSize)}, {"step_seconds", seconds},
            {"tokens_per_second", tokens / std::max(seconds, 1e-9)}, {"peak_rss_mb", peakResidentMb()}};
        if (models.sft)
            metrics.insert(metrics.begin() + 1, {"objective/kl_sft", klSft / n});
        if (context.metrics)
            context.metrics(outcome.steps, outcome.totalSteps, metrics);
        if (context.samples && models.policy.tokenizer) {
            std::vector<SampleRow> rows;
            const auto shown = std::min<std::int64_t>(settings.integer("sample_prompts"), std::int64_t(episodes.size()));
            for (std::int64_t i = 0; i < shown; ++i) {
                const Episode& episode = episodes[std::size_t(i)];
                rows.push_back({outcome.steps, i, models.policy.tokenizer->decode(episode.prompt),
                    models.policy.tokenizer->decode(episode.response), episode.rawScore});
            }
            context.samples(rows);
        }
        controller.update(meanKl, std::int64_t(episodes.size()));
        if (maxKl > 0.0 && meanKl > maxKl) {
            if (context.warning)
                context.warning(fmt::format("The KL to the reference is {:.2f} nats, above max_kl = {:.2f}: the run stops here", meanKl, maxKl));
            break;
        }
        const std::int64_t every = settings.integer("checkpoint_every");
        if (every > 0 && !context.checkpoints.empty() && outcome.steps % every == 0 && outcome.steps < outcome.totalSteps)
            save();
    }
    if (outcome.stopped && !halfUpdated && !context.checkpoints.empty() && outcome.steps > outcome.resumedAt)
        save();
    models.policy.setRequiresGrad(false);
    models.value.setRequiresGrad(false);
    return outcome;
}

} // namespace mpo
