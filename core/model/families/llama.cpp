// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/llama.h"

#include "core/support/error.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <fmt/ranges.h>

#include <cmath>

namespace mpo {

namespace {

// ---- config.json ----------------------------------------------------------------------------------------------------

std::int64_t whole(const Json& json, const char* key, std::int64_t otherwise)
{
    if (!json.contains(key) || json[key].is_null())
        return otherwise;
    if (!json[key].is_number_integer())
        fail("config.json: \"{}\" is not a whole number", key);
    return json[key].get<std::int64_t>();
}

ModelConfig readLlamaConfig(const Json& json)
{
    ModelConfig config;
    config.raw = json;
    config.family = "llama";
    config.vocabulary = whole(json, "vocab_size", 0);
    config.hidden = whole(json, "hidden_size", 0);
    config.intermediate = whole(json, "intermediate_size", 0);
    config.layers = whole(json, "num_hidden_layers", 0);
    config.heads = whole(json, "num_attention_heads", 0);
    config.kvHeads = whole(json, "num_key_value_heads", config.heads);
    config.headWidth = whole(json, "head_dim", config.heads > 0 ? config.hidden / config.heads : 0);
    config.maxPositions = whole(json, "max_position_embeddings", 2048);
    config.normEps = json.value("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = json.value("tie_word_embeddings", false);
    config.attentionBias = json.value("attention_bias", false);
    config.mlpBias = json.value("mlp_bias", false);
    // transformers 5 keeps the rotary settings together; folders on the hub have them apart.
    const Json rope = json.contains("rope_parameters") && json["rope_parameters"].is_object() ? json["rope_parameters"]
        : json.contains("rope_scaling") && json["rope_scaling"].is_object()                   ? json["rope_scaling"]
                                                                                              : Json::object();
    config.ropeTheta = rope.value("rope_theta", json.value("rope_theta", 10000.0));
    const std::string ropeType = rope.value("rope_type", rope.value("type", std::string("default")));
    if (ropeType != "default")
        fail("config.json: rotary positions of the type \"{}\" are not supported yet; there is \"default\"", ropeType);
    if (const std::string activation = json.value("hidden_act", std::string("silu")); activation != "silu")
        fail("config.json: hidden_act \"{}\" is not supported for llama; there is \"silu\"", activation);
    if (config.vocabulary <= 0 || config.hidden <= 0 || config.intermediate <= 0 || config.layers <= 0 || config.heads <= 0
        || config.kvHeads <= 0 || config.heads % config.kvHeads != 0 || config.headWidth <= 0 || config.headWidth % 2 != 0)
        fail("config.json: vocab_size, hidden_size, intermediate_size, num_hidden_layers and num_attention_heads must be positive, "
             "num_key_value_heads must divide num_attention_heads");
    return config;
}

// ---- tensors --------------------------------------------------------------------------------------------------------

struct Linear
{
    at::Tensor weight, bias; ///< (out, in), (out) or undefined
};

struct Layer
{
    at::Tensor inputNorm, postNorm;
    Linear q, k, v, o, gate, up, down;
};

/// x W^T + b; in bf16 only the product is rounded, the result is fp32 again. x: (N, in)
at::Tensor apply(const Linear& linear, const at::Tensor& x, ComputeType type)
{
    if (type == ComputeType::Float32)
        return at::linear(x, linear.weight, linear.bias);
    const at::Tensor y = at::linear(x.to(at::kBFloat16), linear.weight.to(at::kBFloat16)).to(at::kFloat);
    return linear.bias.defined() ? y + linear.bias : y;
}

/// Rotates halves: HF's layout. x: (N, heads, headWidth), cos and sin: (N, 1, headWidth)
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin)
{
    const std::int64_t half = x.size(-1) / 2;
    const at::Tensor turned = at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
    return x * cos + turned * sin;
}

// ---- forward --------------------------------------------------------------------------------------------------------

class Llama : public CausalLm
{
public:
    Llama(const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
        : CausalLm(config)
    {
        at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        const double deviation = config.raw.value("initializer_range", 0.02);
        const bool random = tensors.empty();
        const auto take = [&](const std::string& name, std::vector<std::int64_t> shape, bool required = true) {
            at::Tensor tensor;
            if (random) {
                const bool norm = name.find("norm") != std::string::npos, bias = name.ends_with(".bias");
                tensor = norm ? at::ones(shape, at::kFloat)
                    : bias    ? at::zeros(shape, at::kFloat)
                              : at::randn(shape, generator, at::TensorOptions(at::kFloat)).mul_(deviation);
            } else {
                auto found = tensors.find(name);
                if (found == tensors.end()) {
                    if (!required)
                        return tensor;
                    fail("tensor {} is missing; the weights do not belong to this config.json", name);
                }
                if (found->second.sizes() != at::IntArrayRef(shape))
                    fail("tensor {} has the shape {} instead of {}; the weights do not belong to this config.json", name,
                        fmt::format("({})", fmt::join(found->second.sizes().vec(), ", ")), fmt::format("({})", fmt::join(shape, ", ")));
                tensor = found->second.to(at::kFloat).contiguous();
                tensors.erase(found);
            }
            m_parameters.emplace_back(name, tensor);
            return tensor;
        };
        const auto linear = [&](const std::string& name, std::int64_t out, std::int64_t in, bool bias) {
            Linear result {take(name + ".weight", {out, in}), {}};
            if (bias)
                result.bias = take(name + ".bias", {out});
            return result;
        };
        const std::int64_t D = config.hidden, F = config.intermediate, W = config.headWidth;
        m_embedding = take("model.embed_tokens.weight", {config.vocabulary, D});
        for (std::int64_t i = 0; i < config.layers; ++i) {
            const std::string p = fmt::format("model.layers.{}.", i);
            Layer layer;
            layer.q = linear(p + "self_attn.q_proj", config.heads * W, D, config.attentionBias);
            layer.k = linear(p + "self_attn.k_proj", config.kvHeads * W, D, config.attentionBias);
            layer.v = linear(p + "self_attn.v_proj", config.kvHeads * W, D, config.attentionBias);
            layer.o = linear(p + "self_attn.o_proj", D, config.heads * W, config.attentionBias);
            layer.gate = linear(p + "mlp.gate_proj", F, D, config.mlpBias);
            layer.up = linear(p + "mlp.up_proj", F, D, config.mlpBias);
            layer.down = linear(p + "mlp.down_proj", D, F, config.mlpBias);
            layer.inputNorm = take(p + "input_layernorm.weight", {D});
            layer.postNorm = take(p + "post_attention_layernorm.weight", {D});
            m_layers.push_back(std::move(layer));
        }
        m_norm = take("model.norm.weight", {D});
        m_bodyParameters = m_parameters.size();
        if (!config.tiedEmbeddings) {
            const bool rewardFolder = !random && !tensors.contains("lm_head.weight");
            if (!rewardFolder)
                m_output = take("lm_head.weight", {config.vocabulary, D});
        }
        m_frequencies = at::pow(config.ropeTheta, at::arange(0, W, 2, at::kDouble).div(double(W)).neg()).to(at::kFloat); // (W / 2)
    }

    at::Tensor hidden(const PackedBatch& batch) const override { return forward(batch, nullptr); }

    at::Tensor prefill(const PackedBatch& batch, KvCache& cache) const override
    {
        const at::NoGradGuard noGrad;
        return forward(batch, &cache);
    }

    at::Tensor decode(const at::Tensor& tokens, KvCache& cache) const override
    {
        const at::NoGradGuard noGrad;
        const auto [cos, sin] = rotary(cache.positions());
        const at::Tensor mask = cache.attentionMask();
        const std::int64_t B = tokens.size(0);
        at::Tensor x = m_embedding.index_select(0, tokens); // (B, D)
        for (std::size_t i = 0; i < m_layers.size(); ++i) {
            const auto layer = std::int64_t(i);
            const auto [q, k, v] = project(m_layers[i], x, cos, sin);
            cache.append(layer, k, v);
            const at::Tensor attended = at::scaled_dot_product_attention(q.unsqueeze(2), cache.keys(layer), cache.values(layer), mask,
                0.0, false, std::nullopt, m_config.heads != m_config.kvHeads); // (B, H, 1, W)
            x = finish(m_layers[i], x, attended.reshape({B, -1}));
        }
        cache.advance();
        return norm(x, m_norm);
    }

    KvCache makeCache() const override { return KvCache(m_config.layers, m_config.kvHeads, m_config.headWidth); }

    at::Tensor outputWeight() const override
    {
        if (m_config.tiedEmbeddings)
            return m_embedding;
        if (!m_output.defined())
            fail("lm_head.weight is missing: this model has no output layer for tokens");
        return m_output;
    }

    NamedTensors parameters(bool withOutput) const override
    {
        return withOutput ? m_parameters : NamedTensors(m_parameters.begin(), m_parameters.begin() + std::ptrdiff_t(m_bodyParameters));
    }

private:
    at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const { return at::rms_norm(x, {x.size(-1)}, weight, m_config.normEps); }

    std::pair<at::Tensor, at::Tensor> rotary(const at::Tensor& positions) const
    {
        const at::Tensor angles = positions.to(at::kFloat).unsqueeze(1) * m_frequencies; // (N, W / 2)
        const at::Tensor both = at::cat({angles, angles}, -1).unsqueeze(1);              // (N, 1, W)
        return {both.cos(), both.sin()};
    }

    struct Projected
    {
        at::Tensor q, k, v; ///< (N, H, W), (N, K, W), (N, K, W)
    };
    Projected project(const Layer& layer, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) const
    {
        const at::Tensor h = norm(x, layer.inputNorm);
        const std::int64_t N = x.size(0), W = m_config.headWidth;
        return {rotate(apply(layer.q, h, computeType).view({N, m_config.heads, W}), cos, sin),
            rotate(apply(layer.k, h, computeType).view({N, m_config.kvHeads, W}), cos, sin),
            apply(layer.v, h, computeType).view({N, m_config.kvHeads, W})};
    }

    at::Tensor finish(const Layer& layer, const at::Tensor& x, const at::Tensor& attended) const
    {
        const at::Tensor y = x + apply(layer.o, attended, computeType);
        const at::Tensor h = norm(y, layer.postNorm);
        return y + apply(layer.down, at::silu(apply(layer.gate, h, computeType)) * apply(layer.up, h, computeType), computeType);
    }

    /// Attention of each segment to its prefix and, causally, to itself; segments do not see each other. (N, H * W)
    at::Tensor attend(const Projected& p, const PackedBatch& batch) const
    {
        const bool grouped = m_config.heads != m_config.kvHeads;
        const auto part = [](const at::Tensor& x, const Segment& s) { return x.narrow(0, s.begin, s.length).transpose(0, 1).unsqueeze(0); };
        std::vector<at::Tensor> results;
        for (const Segment& segment : batch.segments) {
            if (segment.length == 0)
                continue;
            const at::Tensor q = part(p.q, segment);
            at::Tensor k = part(p.k, segment), v = part(p.v, segment), attended;
            const Segment* prefix = segment.prefix < 0 ? nullptr : &batch.segments[std::size_t(segment.prefix)];
            if (!prefix || prefix->length == 0) {
                attended = at::scaled_dot_product_attention(q, k, v, {}, 0.0, true, std::nullopt, grouped);
            } else {
                k = at::cat({part(p.k, *prefix), k}, 2);
                v = at::cat({part(p.v, *prefix), v}, 2);
                const at::Tensor mask = at::ones({segment.length, prefix->length + segment.length}, at::kBool).tril(prefix->length);
                attended = at::scaled_dot_product_attention(q, k, v, mask, 0.0, false, std::nullopt, grouped);
            }
            results.push_back(attended.squeeze(0).transpose(0, 1).reshape({segment.length, -1}));
        }
        return at::cat(results, 0);
    }

    at::Tensor forward(const PackedBatch& batch, KvCache* cache) const
    {
        const auto [cos, sin] = rotary(batch.positions);
        at::Tensor x = at::embedding(m_embedding, batch.tokens); // (N, D)
        for (std::size_t i = 0; i < m_layers.size(); ++i) {
            const Projected p = project(m_layers[i], x, cos, sin);
            if (cache)
                for (std::size_t row = 0; row < batch.segments.size(); ++row) {
                    const Segment& s = batch.segments[row];
                    cache->setPrompt(std::int64_t(i), std::int64_t(row), p.k.narrow(0, s.begin, s.length), p.v.narrow(0, s.begin, s.length));
                }
            x = finish(m_layers[i], x, attend(p, batch));
        }
        return norm(x, m_norm);
    }

    at::Tensor m_embedding, m_norm, m_output; ///< (V, D), (D), (V, D)
    at::Tensor m_frequencies;                 ///< (W / 2)
    std::vector<Layer> m_layers;
    NamedTensors m_parameters;
    std::size_t m_bodyParameters = 0;         ///< those before lm_head
};

std::unique_ptr<CausalLm> createLlama(const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    return std::make_unique<Llama>(config, tensors, seed);
}

} // namespace

ModelFamily llamaFamily()
{
    return {"llama", "LlamaForCausalLM", "LlamaForSequenceClassification", readLlamaConfig, createLlama};
}

} // namespace mpo
