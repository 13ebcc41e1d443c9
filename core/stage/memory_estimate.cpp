// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the numbers come from. P: parameters, T: trained ones, N: tokens and R: targets of the largest micro-batch, V:
// vocabulary; D, F: widths of the residual stream and of the feed-forward; Q = heads * head width, K = kv heads * head
// width; L layers. Master weights, moments and the residual stream are fp32 (4 bytes).
//
// What autograd keeps of a layer for each token (blocks/*.cpp, in the order of the network), in floats:
//   attention norm    its input x                                                     D
//   q, k, v           their input h, once                                             D
//   attention         q, k (turned), v, its result (which is also the input of `out`)  2 Q + 2 K, and a number a head
//   feed-forward norm its input y                                                     D
//   gate, up          their input h                                                   D
//   activation        gate, silu(gate), up, and their product (the input of `down`)   4 F; without a gate 2 F
// A linear layer that is not trained keeps no input; with LoRA on it A keeps it, and B keeps the r numbers between
// them. In bf16 all of these but x and y are kept in 2 bytes. With gradient checkpointing each layer keeps x, and one
// at a time the rest. The logits are never kept: a chunk of them (log_probs.cpp) exists at a time, twice while they are
// summed.
//
// The moment of the largest use is one of three; what grows and what shrinks between them does so evenly:
//   the end of the forward pass:  weights, moments, activations, two chunks of logits
//   the begin of the backward:    weights, moments, activations, one chunk and the gradient of the output layer,
//                                 then what the first layer of the way back needs at a time
//   its end:                      weights, moments, all gradients, that of the embedding a second time
// With several micro-batches to a step all gradients are there from the second one on.
#include "core/stage/memory_estimate.h"

#include "core/loss/log_probs.h"
#include "core/stage/pair_batch.h"
#include "core/stage/training_loop.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace mpo {

namespace {

constexpr double kFloat = 4.0, kHalf = 2.0; // bytes
// Measured (tests/core/stage/tst_memory_estimate.cpp says how): the program with LibTorch and a model of no size, and
// what the heap keeps of its first steps: with it the cases of the test lie from -3 to +9 %.
constexpr double kBaseBytes = 185.0 * 1024 * 1024;
// What the allocator holds beside what is in use: blocks of many sizes, freed and not given back. Measured.
constexpr double kAllocatorSlack = 1.04;
// Orders of longer runs are not gone through; what they have is near what these have.
constexpr std::int64_t kMostExamples = 20'000'000;

struct Shape
{
    double D, Q, K, F, L, V;
    double heads;
    bool gated, silu, tied, queryNorms, outNorms;

    explicit Shape(const ModelConfig& config)
        : D(double(config.hidden))
        , Q(double(config.heads * config.headWidth))
        , K(double(config.kvHeads * config.headWidth))
        , F(double(config.intermediate))
        , L(double(config.layers))
        , V(double(config.vocabulary))
        , heads(double(config.heads))
        , gated(config.family != "gpt2" && config.family != "gpt_neox")
        , silu(config.family.find("gemma") == std::string::npos) // those have gelu
        , tied(config.tiedEmbeddings)
        , queryNorms(config.family == "qwen3" || config.family == "gemma3_text")
        , outNorms(config.family == "gemma2" || config.family == "gemma3_text")
    {
    }

    double linearOfLayer() const { return 2.0 * D * Q + 2.0 * D * K + (gated ? 3.0 : 2.0) * D * F; }
    double feedForwardWidth() const { return gated ? (silu ? 3.0 : 4.0) * F : 2.0 * F; } ///< kept
};

/// Which linear layers of a layer get an adapter, by the names that families give them.
struct Targets
{
    bool q, k, v, out, gate, up, down;
};

Targets targetsOf(const std::string& names)
{
    if (trimmed(names) == "all-linear")
        return {true, true, true, true, true, true, true};
    const auto has = [&](std::initializer_list<std::string_view> any) {
        return std::any_of(
            any.begin(), any.end(), [&](std::string_view name) { return names.find(name) != std::string::npos; });
    };
    const bool all = has({"qkv_proj", "c_attn", "query_key_value"});
    const bool upAndGate = has({"gate_up_proj"});
    return {all || has({"q_proj"}), all || has({"k_proj"}), all || has({"v_proj"}),
        has({"o_proj", "c_proj", "attention.dense"}), upAndGate || has({"gate_proj"}),
        upAndGate || has({"up_proj", "c_fc", "dense_h_to_4h"}), has({"down_proj", "c_proj", "dense_4h_to_h"})};
}

struct Training
{
    std::int64_t rank; ///< 0: the whole model
    Targets targets;
    bool half; ///< products in bf16
    bool recomputes; ///< gradient checkpointing
};

double adapterParameters(const Shape& s, const Training& training)
{
    const Targets& t = training.targets;
    double widths = 0.0;
    const auto add = [&](bool has, double in, double out) { widths += has ? in + out : 0.0; };
    add(t.q, s.D, s.Q);
    add(t.k, s.D, s.K);
    add(t.v, s.D, s.K);
    add(t.out, s.Q, s.D);
    add(t.gate && s.gated, s.D, s.F);
    add(t.up, s.D, s.F);
    add(t.down, s.F, s.D);
    return widths * double(training.rank) * s.L;
}

/// Bytes that a forward pass with gradient keeps of a token.
double keptOfToken(const Shape& s, const Training& training)
{
    const bool full = training.rank == 0;
    const bool inputs = full || training.half; // of every linear layer
    const Targets& t = training.targets;
    const double in = training.half ? kHalf : kFloat; // of inputs of products
    double bytes = kFloat * 2.0 * s.D; // x, y
    bytes += inputs || t.q || t.k || t.v ? in * s.D : 0.0;
    bytes += in * (2.0 * s.Q + 2.0 * s.K) + kFloat * s.heads;
    bytes += inputs || t.gate || t.up ? in * s.D : 0.0;
    bytes += in * (s.feedForwardWidth() - (inputs || t.down ? 0.0 : s.F));
    bytes += s.queryNorms ? kFloat * (s.Q + s.K) : 0.0;
    bytes += s.outNorms ? kFloat * 2.0 * s.D : 0.0;
    if (!full)
        bytes += in * double(training.rank)
            * double(t.q + t.k + t.v + t.out + (t.gate && s.gated ? 1 : 0) + t.up + t.down);
    bytes = training.recomputes ? bytes + kFloat * s.D * (s.L - 1.0) : bytes * s.L;
    return bytes + kFloat * 2.0 * s.D; // the final norm's input, and the hidden states that are read
}

/// Bytes of a token while one layer is computed without gradient, or one layer goes back.
double passingOfToken(const Shape& s, bool half) { return kFloat * 3.0 * s.D + (half ? kHalf : kFloat) * 3.0 * s.F; }

/// Bytes of a model that is not trained: its linear layers are in the type of the products.
double frozen(const ModelConfig& config, bool half, bool output)
{
    const Shape s(config);
    return kFloat * double(parameterCount(config, output)) - (half ? (kFloat - kHalf) * s.L * s.linearOfLayer() : 0.0);
}

double logitChunk(const Shape& s, std::int64_t rows)
{
    return double(std::min(rows, logProbChunkRows(std::int64_t(s.V)))) * s.V * kFloat;
}

std::int64_t tokensOf(StageKind stage, const RowLengths& row)
{
    return std::int64_t(row.prompt) + row.chosen + (stage == StageKind::Sft ? 0 : row.rejected);
}

class Estimator
{
public:
    explicit Estimator(const MemoryInput& input)
        : m_input(input)
        , m_shape(input.model)
        , m_training {input.adapterRank > 0 ? input.adapterRank : input.settings.integer("lora_rank"),
              targetsOf(input.settings.text("lora_targets")),
              computeTypeFor(input.settings.text("dtype"), input.model) == ComputeType::BFloat16,
              input.settings.flag("gradient_checkpointing")}
    {
    }

    MemoryNeed onExamples();
    MemoryNeed ppo();

private:
    void add(const char* name, double bytes, std::string what)
    {
        if (bytes > 0.0)
            m_estimate.parts.push_back({name, std::move(what), std::int64_t(bytes)});
    }
    MemoryNeed done()
    {
        double sum = 0.0;
        for (const MemoryPart& part : m_estimate.parts)
            sum += double(part.bytes);
        add("allocator", sum * (kAllocatorSlack - 1.0), "held by the allocator beside that");
        for (const MemoryPart& part : m_estimate.parts)
            m_estimate.peak += part.bytes;
        m_estimate.base = std::int64_t(kBaseBytes);
        return std::move(m_estimate);
    }

    const MemoryInput& m_input;
    Shape m_shape;
    Training m_training;
    MemoryNeed m_estimate;
};

std::string millions(double parameters) { return fmt::format("{:.1f} M parameters", parameters / 1e6); }

std::string weightsText(double parameters, const Training& training)
{
    const bool rounded = training.rank > 0 && training.half;
    return millions(parameters) + (rounded ? ", those of linear layers in bf16" : " in fp32");
}

MemoryNeed Estimator::onExamples()
{
    const Settings& settings = m_input.settings;
    const bool reward = m_input.stage == StageKind::Reward;
    const double parameters = double(parameterCount(m_input.model, !reward));
    const double trained = m_training.rank > 0 ? adapterParameters(m_shape, m_training) : parameters;
    const LargestBatch batch = largestMicroBatch(m_input.stage, settings, m_input.rows);
    const auto N = double(batch.tokens);
    const std::int64_t accumulation = settings.integer("gradient_accumulation");

    const double weights = m_training.rank > 0 ? frozen(m_input.model, m_training.half, !reward) : kFloat * parameters;
    const double moments = 2.0 * kFloat * trained, gradients = kFloat * trained;
    const double embedding = kFloat * m_shape.V * m_shape.D;
    const double other = m_input.reference ? frozen(*m_input.reference, m_training.half, true) : 0.0;
    const double activations = N * keptOfToken(m_shape, m_training);
    const double chunk = reward ? 0.0 : logitChunk(m_shape, batch.targets);
    const bool full = m_training.rank == 0;
    const double before = accumulation > 1 ? gradients : 0.0; // gradients of the micro-batches before this one

    // Of the moments while it trains. The gradient of a tied output is there beside that of the embedding at the end.
    const double headGradient = full && !reward ? embedding : 0.0;
    const double passing = N * passingOfToken(m_shape, m_training.half);
    struct Moment
    {
        double gradients, activations, passing;
        double sum() const { return gradients + activations + passing; }
    };
    const std::array candidates {Moment {before, activations, 2.0 * chunk},
        Moment {before + headGradient, activations, std::max(chunk, passing)},
        Moment {gradients + (full ? embedding : 0.0), 0.0, passing}};
    const Moment worst = *std::max_element(
        candidates.begin(), candidates.end(), [](const Moment& a, const Moment& b) { return a.sum() < b.sum(); });

    // Before it trains: a reward model is made beside the model it is made from; weights of another type are read
    // before they become fp32; DPO takes log-probs of the reference without gradient in larger batches.
    const double training = moments + worst.sum();
    const double inference
        = double(kInferenceTokens) * (passingOfToken(m_shape, m_training.half) + kFloat * 2.0 * m_shape.Q)
        + 2.0 * logitChunk(m_shape, kInferenceTokens);
    const double read = kFloat * parameters; // before they are frozen
    const bool readsHalf = m_input.fileBytes > 0 && double(m_input.fileBytes) < 0.75 * read;
    double loading = read - weights + (reward && !m_input.isReward ? read : 0.0);
    if (readsHalf)
        loading = std::max(loading, read - weights + double(m_input.fileBytes));
    if (m_input.stage == StageKind::Dpo)
        loading = std::max(loading, inference);

    add("weights", weights, weightsText(parameters, m_training));
    if (m_input.reference)
        add("other_models", other, "the reference, kept until the end");
    if (loading > training) {
        add("loading", loading,
            reward                                ? "the model that the reward model is made from"
                : m_input.stage == StageKind::Dpo ? "log-probs of the reference, before the first step"
                                                  : "the weights as they stand in the file");
        return done();
    }
    add("optimizer", moments, millions(trained) + ", two moments");
    add("gradients", worst.gradients, accumulation > 1 ? "of the micro-batches before" : "on the way back");
    add("activations", worst.activations,
        fmt::format("{} examples with {} tokens in the largest micro-batch", batch.rows, batch.tokens));
    add("passing", worst.passing, "a chunk of logits, and what a layer needs for the moment");
    return done();
}

/// Policy and value model are trained in turn with the gradients of both kept until the minibatch is done; a full
/// fine-tuning keeps a copy of either as it was. While responses are sampled there is a cache of keys and values
/// instead.
MemoryNeed Estimator::ppo()
{
    const Settings& settings = m_input.settings;
    const ModelConfig& rewardConfig = m_input.reward ? *m_input.reward : m_input.model;
    const bool full = m_training.rank == 0;
    const Shape value(rewardConfig);
    const auto count = [](const ModelConfig& config, bool output) { return double(parameterCount(config, output)); };
    const bool ownValue = settings.text("value_model") == "own" && settings.text("advantage_estimator") == "gae";
    const double policyCount = count(m_input.model, true), rewardCount = count(rewardConfig, false);
    const double policyTrained = full ? policyCount : adapterParameters(m_shape, m_training);
    const double valueTrained = !ownValue ? 0.0 : full ? rewardCount : adapterParameters(value, m_training);
    const double trained = policyTrained + valueTrained;

    std::vector<std::int64_t> prompts;
    for (const RowLengths& row : m_input.rows)
        prompts.push_back(row.prompt);
    std::sort(prompts.rbegin(), prompts.rend());
    const std::int64_t answer = settings.integer("max_new_tokens");
    const auto longest = [&](std::int64_t rows) { // tokens of the longest prompts with their responses
        const auto taken = std::min<std::int64_t>(rows, std::int64_t(prompts.size()));
        return double(std::accumulate(prompts.begin(), prompts.begin() + taken, std::int64_t(0)) + taken * answer);
    };
    const std::int64_t rows = std::min(settings.integer("micro_batch"), std::int64_t(prompts.size()));
    const std::int64_t rollout = std::min(settings.integer("rollout_batch"), std::int64_t(prompts.size()));
    const double N = longest(rows);

    const bool half = m_training.half;
    const double weights = full ? kFloat * policyCount : frozen(m_input.model, half, true);
    add("weights", weights, "the policy, " + weightsText(policyCount, m_training));
    double others = frozen(rewardConfig, half, false);
    others += full && ownValue ? kFloat * rewardCount : 0.0; // else the value model is one on others' weights
    others += m_input.reference ? frozen(*m_input.reference, half, true)
        : full                  ? frozen(m_input.model, half, true)
                                : 0.0;
    others += m_input.sft ? frozen(*m_input.sft, half, true) : 0.0;
    add("other_models", others, "reward model, value model, reference");
    double read = kFloat * (policyCount + rewardCount); // all models, before any is rounded
    read += m_input.reference ? kFloat * count(*m_input.reference, true) : 0.0;
    read += m_input.sft ? kFloat * count(*m_input.sft, true) : 0.0;

    const double chunk = logitChunk(m_shape, rows * answer);
    const double activations = N * std::max(keptOfToken(m_shape, m_training), keptOfToken(value, m_training));
    // The gradient of the value model grows while its activations shrink, unless one of a micro-batch before is there.
    const bool several = settings.integer("minibatch_size") > settings.integer("micro_batch");
    const double gradients = kFloat * (several ? trained : policyTrained);
    const double passing = std::max({3.0 * chunk, N * passingOfToken(m_shape, m_training.half),
        several ? 0.0 : kFloat * valueTrained - activations});
    const double update = gradients + activations + passing;
    const double cache = longest(rollout) * m_shape.L * 2.0 * m_shape.K * kFloat;
    const double moments = 2.0 * kFloat * trained;
    if (const double more = read - weights - others; more > moments + std::max(cache, update)) {
        add("loading", more, "while all models are read, in fp32");
        return done();
    }
    add("optimizer", moments, millions(trained) + ", two moments");
    if (cache > update) {
        add("kv_cache", cache, fmt::format("keys and values of {} responses", rollout));
        return done();
    }
    add("gradients", gradients, several ? "of policy and value model" : "of the policy");
    add("activations", activations, fmt::format("{} responses with {:.0f} tokens in the largest micro-batch", rows, N));
    add("passing", passing, "a chunk of logits, and what a layer needs for the moment");
    return done();
}

} // namespace

std::int64_t parameterCount(const ModelConfig& config, bool withOutput)
{
    const Shape s(config);
    double count = s.V * s.D + s.L * s.linearOfLayer() + (2.0 * s.L + 1.0) * s.D;
    if (withOutput && !s.tied)
        count += s.V * s.D;
    if (config.family == "gpt2")
        count += double(config.maxPositions) * s.D;
    if (!s.gated) // biases everywhere
        count += s.L * (2.0 * s.Q + 2.0 * s.K + s.F + 3.0 * s.D);
    if (config.family == "qwen2")
        count += s.L * (s.Q + 2.0 * s.K);
    return std::int64_t(count);
}

LargestBatch largestMicroBatch(StageKind stage, const Settings& settings, std::span<const RowLengths> rows)
{
    LargestBatch largest;
    const auto consider = [&](const LargestBatch& batch) {
        if (batch.tokens > largest.tokens)
            largest = batch;
    };
    const std::int64_t size = settings.integer("batch_size");
    const std::int64_t perStep = size * settings.integer("gradient_accumulation");
    const auto seed = std::uint64_t(settings.integer("seed"));
    const HeldOut held = holdOut(std::int64_t(rows.size()), settings.real("eval_share"), seed);
    const auto count = std::int64_t(held.train.size());
    if (count == 0)
        return largest;
    const std::int64_t stepsPerEpoch = (count + perStep - 1) / perStep, maxSteps = settings.integer("max_steps");
    std::int64_t steps = maxSteps > 0
        ? maxSteps
        : std::max<std::int64_t>(1, std::int64_t(std::ceil(settings.real("epochs") * double(stepsPerEpoch))));
    steps = std::min(steps, std::max(stepsPerEpoch, kMostExamples / perStep));
    std::vector<std::int64_t> order;
    for (std::int64_t step = 0; step < steps; ++step) {
        const std::int64_t first = step % stepsPerEpoch * perStep;
        if (first == 0)
            order = orderOfEpoch(held.train, settings.flag("shuffle"), seed, step / stepsPerEpoch);
        const std::int64_t last = std::min(count, first + perStep);
        for (std::int64_t from = first; from < last; from += size) {
            LargestBatch batch;
            for (std::int64_t i = from; i < std::min(last, from + size); ++i) {
                const RowLengths& row = rows[std::size_t(order[std::size_t(i)])];
                ++batch.rows;
                batch.tokens += tokensOf(stage, row);
                batch.targets += row.chosen + (stage == StageKind::Sft ? 0 : row.rejected);
            }
            consider(batch);
        }
    }
    return largest;
}

MemoryNeed estimateMemory(const MemoryInput& input)
{
    Estimator estimator(input);
    return input.stage == StageKind::Ppo ? estimator.ppo() : estimator.onExamples();
}

std::vector<RowLengths> lengthsOf(std::span<const TokenizedPair> pairs)
{
    std::vector<RowLengths> rows;
    for (const TokenizedPair& pair : pairs)
        rows.push_back(
            {std::int32_t(pair.prompt.size()), std::int32_t(pair.chosen.size()), std::int32_t(pair.rejected.size())});
    return rows;
}

std::vector<RowLengths> withinLimit(std::vector<RowLengths> rows, StageKind stage, std::int64_t maxLength)
{
    if (maxLength <= 0)
        return rows;
    const auto limit = std::int32_t(std::min<std::int64_t>(maxLength, INT32_MAX));
    const bool cuts = stage == StageKind::Sft || stage == StageKind::Dpo;
    std::erase_if(rows, [&](const RowLengths& row) {
        return cuts ? row.prompt >= limit : row.prompt + std::max(row.chosen, row.rejected) > limit;
    });
    for (RowLengths& row : rows) {
        row.chosen = std::min(row.chosen, limit - row.prompt);
        row.rejected = std::min(row.rejected, limit - row.prompt);
    }
    return rows;
}

std::vector<MemoryProposal> proposalsFor(const MemoryInput& input, std::int64_t available)
{
    constexpr std::int64_t kRank = 16;
    const bool ppo = input.stage == StageKind::Ppo;
    const char* size = ppo ? "micro_batch" : "batch_size";
    const std::int64_t now = input.settings.integer(size);
    const std::int64_t perStep
        = ppo ? input.settings.integer("minibatch_size") : now * input.settings.integer("gradient_accumulation");
    const auto smaller = [&](MemoryInput wanted) -> std::optional<MemoryProposal> {
        std::optional<MemoryProposal> best;
        for (std::int64_t micro = now - 1; micro >= 1; --micro) {
            if (!ppo && perStep % micro != 0)
                continue;
            wanted.settings.set(size, micro);
            MemoryProposal proposal;
            proposal.settings = {{size, std::to_string(micro)}};
            proposal.sentence = fmt::format("{} = {}", size, micro);
            if (!ppo) {
                wanted.settings.set("gradient_accumulation", perStep / micro);
                proposal.settings.emplace_back("gradient_accumulation", std::to_string(perStep / micro));
                proposal.sentence += fmt::format(" and gradient_accumulation = {}", perStep / micro);
            }
            proposal.sentence += fmt::format(": the same {} examples a step", perStep);
            proposal.total = estimateMemory(wanted).total();
            proposal.fits = proposal.total <= available;
            best = proposal;
            if (proposal.fits)
                break;
            micro = std::min(micro, (micro + 1) / 2 + 1); // halves are enough
        }
        return best;
    };
    std::vector<MemoryProposal> proposals;
    if (const auto proposal = smaller(input))
        proposals.push_back(*proposal);
    // With a setting of this kind alone, and if that does not do, with smaller micro-batches too.
    const auto with = [&](const char* name, const std::string& value, const std::string& sentence) {
        MemoryInput wanted = input;
        wanted.settings.setFromText(name, value);
        MemoryProposal proposal {sentence, {{name, value}}, estimateMemory(wanted).total(), false};
        proposal.fits = proposal.total <= available;
        proposals.push_back(proposal);
        if (proposal.fits)
            return;
        if (auto both = smaller(wanted)) {
            both->settings.insert(both->settings.begin(), {name, value});
            both->sentence = fmt::format("{}, {}", sentence.substr(0, sentence.find(':')), both->sentence);
            proposals.push_back(*both);
        }
    };
    if (!input.settings.flag("gradient_checkpointing"))
        with("gradient_checkpointing", "true", "gradient_checkpointing = true: the same result, about a third slower");
    if (input.settings.integer("lora_rank") == 0 && input.adapterRank == 0)
        with("lora_rank", std::to_string(kRank),
            fmt::format("lora_rank = {}: an adapter is trained instead of the whole model", kRank));
    std::stable_sort(proposals.begin(), proposals.end(),
        [](const MemoryProposal& a, const MemoryProposal& b) { return a.fits && !b.fits; });
    return proposals;
}

} // namespace mpo
