// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/llama.h"

#include "core/model/blocks/attention.h"
#include "core/model/blocks/feed_forward.h"
#include "core/model/blocks/rms_norm.h"
#include "core/model/blocks/rotary.h"
#include "core/model/config_reader.h"
#include "core/model/weight_source.h"
#include "core/support/error.h"

#include <ATen/ATen.h>

#include <cmath>

namespace mpo {

namespace {

// ---- config.json ----------------------------------------------------------------------------------------------------

ModelConfig readLlamaConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config;
    config.raw = json;
    config.family = "llama";
    config.vocabulary = reader.size("vocab_size");
    config.hidden = reader.size("hidden_size");
    config.intermediate = reader.size("intermediate_size");
    config.layers = reader.size("num_hidden_layers");
    config.heads = reader.size("num_attention_heads");
    config.kvHeads = reader.size("num_key_value_heads", config.heads);
    if (config.heads % config.kvHeads != 0)
        fail("\"num_key_value_heads\" is {}, which does not divide the {} of \"num_attention_heads\"", config.kvHeads,
            config.heads);
    config.headWidth = reader.size("head_dim", std::max<std::int64_t>(1, config.hidden / config.heads));
    if (config.headWidth % 2 != 0)
        fail("\"head_dim\" is {}; rotary positions need an even number", config.headWidth);
    config.maxPositions = reader.size("max_position_embeddings", 2048);
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", false);
    config.attentionBias = reader.flag("attention_bias", false);
    config.mlpBias = reader.flag("mlp_bias", false);
    config.ropeTheta = readRopeTheta(json);
    if (const std::string activation = reader.text("hidden_act", "silu"); activation != "silu" && activation != "swish")
        fail("\"hidden_act\" is \"{}\"; of llama, \"silu\" is supported", activation);
    if (reader.find("quantization_config"))
        fail("\"quantization_config\": quantised weights are not supported; take the model in fp32, fp16 or bf16");
    readTokenIds(json, config);
    return config;
}

// ---- tensors --------------------------------------------------------------------------------------------------------

struct Layer
{
    at::Tensor inputNorm, postNorm;
    Linear q, k, v, o;
    FeedForward feedForward;
};

struct Weights
{
    at::Tensor embedding, norm, output; ///< (V, D), (D), (V, D) or undefined
    std::vector<Layer> layers;
    NamedTensors named; ///< all of them in the order of the network, the output last
};

Weights takeWeights(const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    using Start = WeightSource::Start;
    WeightSource source(tensors, seed, ConfigReader(config.raw).positive("initializer_range", 0.02));
    Weights weights;
    const auto take = [&](const std::string& name, const std::vector<std::int64_t>& shape, Start start) {
        const at::Tensor tensor = source.take(name, shape, start);
        weights.named.emplace_back(name, tensor);
        return tensor;
    };
    const auto linear = [&](const std::string& name, std::int64_t out, std::int64_t in, bool bias) {
        Linear result {take(name + ".weight", {out, in}, Start::Normal), {}, {}};
        if (bias)
            result.bias = take(name + ".bias", {out}, Start::Zeros);
        return result;
    };
    const std::int64_t D = config.hidden, F = config.intermediate;
    const std::int64_t queryWidth = config.heads * config.headWidth, keyWidth = config.kvHeads * config.headWidth;
    // A folder saved from the bare decoder (LlamaModel) has the names without "model.".
    const std::string root
        = source.contains("model.embed_tokens.weight") || !source.contains("embed_tokens.weight") ? "model." : "";
    weights.embedding = take(root + "embed_tokens.weight", {config.vocabulary, D}, Start::Normal);
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const std::string p = fmt::format("{}layers.{}.", root, i);
        Layer layer;
        layer.q = linear(p + "self_attn.q_proj", queryWidth, D, config.attentionBias);
        layer.k = linear(p + "self_attn.k_proj", keyWidth, D, config.attentionBias);
        layer.v = linear(p + "self_attn.v_proj", keyWidth, D, config.attentionBias);
        layer.o = linear(p + "self_attn.o_proj", D, queryWidth, config.attentionBias);
        layer.feedForward.gate = linear(p + "mlp.gate_proj", F, D, config.mlpBias);
        layer.feedForward.up = linear(p + "mlp.up_proj", F, D, config.mlpBias);
        layer.feedForward.down = linear(p + "mlp.down_proj", D, F, config.mlpBias);
        layer.inputNorm = take(p + "input_layernorm.weight", {D}, Start::Ones);
        layer.postNorm = take(p + "post_attention_layernorm.weight", {D}, Start::Ones);
        weights.layers.push_back(std::move(layer));
    }
    weights.norm = take(root + "norm.weight", {D}, Start::Ones);
    // The folder of a reward model has no output layer; whether a policy lacks one is for loadModel to say.
    if (!config.tiedEmbeddings && source.contains("lm_head.weight"))
        weights.output = take("lm_head.weight", {config.vocabulary, D}, Start::Normal);
    return weights;
}

// ---- forward --------------------------------------------------------------------------------------------------------

class Llama : public CausalLm
{
public:
    Llama(const ModelConfig& config, Weights weights)
        : CausalLm(config)
        , m_weights(std::move(weights))
        , m_frequencies(rotaryFrequencies(config.ropeTheta, config.headWidth))
    {
    }

    at::Tensor hidden(const PackedBatch& batch) const override { return forward(batch, nullptr); }

    at::Tensor prefill(const PackedBatch& batch, KvCache& cache) const override
    {
        const at::NoGradGuard noGrad;
        if (computeType == ComputeType::BFloat16)
            roundForDecoding();
        return forward(batch, &cache);
    }

    at::Tensor decode(const at::Tensor& tokens, KvCache& cache) const override
    {
        const at::NoGradGuard noGrad;
        const Rotary rotary = rotaryAngles(cache.positions(), m_frequencies);
        const at::Tensor allowed = cache.attentionMask();
        const at::Tensor mask
            = at::zeros(allowed.sizes(), at::kFloat).masked_fill_(allowed.logical_not(), -INFINITY); // (B, 1, 1, T)
        at::Tensor x = at::embedding(m_weights.embedding, tokens); // (B, D)
        for (std::size_t i = 0; i < m_weights.layers.size(); ++i) {
            const auto layer = std::int64_t(i);
            const Projected p = project(m_weights.layers[i], x, rotary);
            cache.append(layer, p.k, p.v);
            x = finish(m_weights.layers[i], x, cachedAttention(p.q, cache.keys(layer), cache.values(layer), mask));
        }
        cache.advance();
        return norm(x, m_weights.norm, at::kFloat);
    }

    KvCache makeCache() const override { return KvCache(m_config.layers, m_config.kvHeads, m_config.headWidth); }

    at::Tensor outputWeight() const override
    {
        const at::Tensor& output = m_config.tiedEmbeddings ? m_weights.embedding : m_weights.output;
        if (!output.defined())
            fail("tensor lm_head.weight is missing: this model has no output layer, so it cannot write or weigh text");
        return output;
    }

    NamedTensors parameters(bool withOutput) const override
    {
        NamedTensors all = m_weights.named;
        if (!withOutput && m_weights.output.defined())
            all.pop_back();
        return all;
    }

private:
    at::Tensor norm(const at::Tensor& x, const at::Tensor& weight, at::ScalarType type) const
    {
        return rmsNorm(x, weight, m_config.normEps, type);
    }

    struct Projected
    {
        at::Tensor q, k, v; ///< fp32: (N, H, W), (N, K, W), (N, K, W)
    };
    Projected project(const Layer& layer, const at::Tensor& x, const Rotary& rotary) const
    {
        const at::Tensor h = norm(x, layer.inputNorm, scalarType(computeType));
        const std::int64_t N = x.size(0), W = m_config.headWidth;
        return {rotate(layer.q(h, computeType).view({N, m_config.heads, W}), rotary),
            rotate(layer.k(h, computeType).view({N, m_config.kvHeads, W}), rotary),
            layer.v(h, computeType).view({N, m_config.kvHeads, W}).to(at::kFloat)};
    }

    /// What follows attention. The residual stream x stays in fp32.
    at::Tensor finish(const Layer& layer, const at::Tensor& x, const at::Tensor& attended) const
    {
        const at::Tensor y = x + layer.o(attended, computeType);
        return y + layer.feedForward(norm(y, layer.postNorm, scalarType(computeType)), computeType);
    }

    at::Tensor forward(const PackedBatch& batch, KvCache* cache) const
    {
        checkTokens(batch.tokens);
        const Rotary rotary = rotaryAngles(batch.positions, m_frequencies);
        at::Tensor x = at::embedding(m_weights.embedding, batch.tokens); // (N, D)
        for (std::size_t i = 0; i < m_weights.layers.size(); ++i) {
            const Projected p = project(m_weights.layers[i], x, rotary);
            if (cache)
                for (std::size_t row = 0; row < batch.segments.size(); ++row) {
                    const Segment& s = batch.segments[row];
                    cache->setPrompt(std::int64_t(i), std::int64_t(row), p.k.narrow(0, s.begin, s.length),
                        p.v.narrow(0, s.begin, s.length));
                }
            x = finish(m_weights.layers[i], x, packedAttention(p.q, p.k, p.v, batch.segments));
        }
        return norm(x, m_weights.norm, at::kFloat);
    }

    void checkTokens(const at::Tensor& tokens) const
    {
        if (tokens.numel() == 0)
            return;
        const auto [least, largest] = at::aminmax(tokens);
        for (const std::int64_t id : {least.item<std::int64_t>(), largest.item<std::int64_t>()})
            if (id < 0 || id >= m_config.vocabulary)
                fail("Token id {} is not in the model's vocabulary of {}; the data or the tokenizer belong to another "
                     "model",
                    id, m_config.vocabulary);
    }

    void roundForDecoding() const
    {
        for (Layer& layer : m_weights.layers)
            for (Linear* linear : {&layer.q, &layer.k, &layer.v, &layer.o, &layer.feedForward.gate,
                     &layer.feedForward.up, &layer.feedForward.down})
                linear->round();
    }

    mutable Weights m_weights; ///< mutable: the rounded copies only
    at::Tensor m_frequencies; ///< (W / 2)
};

std::unique_ptr<CausalLm> createLlama(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    return std::make_unique<Llama>(config, takeWeights(config, tensors, seed));
}

} // namespace

ModelFamily llamaFamily()
{
    return {"llama", "LlamaForCausalLM", "LlamaForSequenceClassification", readLlamaConfig, createLlama};
}

} // namespace mpo
