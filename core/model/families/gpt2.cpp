// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/gpt2.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/decoder_builder.h"
#include "core/support/error.h"

#include <fmt/core.h>

#include <cmath>

namespace mpo {

namespace {

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    if (reader.find("quantization_config"))
        fail("\"quantization_config\": quantised weights are not supported; take the model in fp32, fp16 or bf16");
    if (reader.flag("add_cross_attention", false))
        fail("\"add_cross_attention\": this is a decoder that reads an encoder, not a language model");
    ModelConfig config;
    config.raw = json;
    config.family = "gpt2";
    config.vocabulary = reader.size("vocab_size");
    config.hidden = reader.size("n_embd");
    config.layers = reader.size("n_layer");
    config.heads = config.kvHeads = reader.size("n_head");
    if (config.hidden % config.heads != 0)
        fail("\"n_embd\" is {}, which the {} heads of \"n_head\" do not divide", config.hidden, config.heads);
    config.headWidth = config.hidden / config.heads;
    config.intermediate = reader.size("n_inner", 4 * config.hidden);
    config.maxPositions = reader.size("n_positions", reader.size("n_ctx", 1024));
    config.normEps = reader.positive("layer_norm_epsilon", 1e-5);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", true);
    activationFromName("activation_function", reader.text("activation_function", "gelu_new"));
    readTokenIds(json, config);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    const std::int64_t D = config.hidden, F = config.intermediate;
    const Activation activation
        = activationFromName("activation_function", reader.text("activation_function", "gelu_new"));
    const double scale = reader.flag("scale_attn_weights", true) ? 1.0 / std::sqrt(double(config.headWidth)) : 1.0;
    const bool byLayer = reader.flag("scale_attn_by_inverse_layer_idx", false);
    DecoderBuilder builder(config, tensors, seed, "transformer.", "wte.weight");
    const auto norm
        = [&](const std::string& module) { return builder.norm(module, Norm::Kind::Layer, D, config.normEps); };
    const auto linear = [&](const std::string& module, std::int64_t out, std::int64_t in) {
        return builder.linear(module, out, in, /*bias=*/true, /*transposed=*/true);
    };
    builder.parts.embedding = builder.tensor("wte.weight", {config.vocabulary, D});
    builder.parts.positionEmbedding = builder.tensor("wpe.weight", {config.maxPositions, D});
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const std::string p = fmt::format("h.{}.", i);
        DecoderLayer layer;
        layer.rotary = -1;
        layer.attention.scale = byLayer ? scale / double(i + 1) : scale;
        layer.attentionNorm = norm(p + "ln_1");
        layer.qkv.fused = linear(p + "attn.c_attn", 3 * D, D);
        layer.out = linear(p + "attn.c_proj", D, D);
        layer.feedForwardNorm = norm(p + "ln_2");
        layer.feedForward.activation = activation;
        layer.feedForward.up = linear(p + "mlp.c_fc", F, D);
        layer.feedForward.down = linear(p + "mlp.c_proj", D, F);
        builder.parts.layers.push_back(std::move(layer));
    }
    builder.parts.finalNorm = norm("ln_f");
    builder.output({"lm_head.weight"});
    return std::make_unique<Decoder>(config, std::move(builder.parts));
}

} // namespace

ModelFamily gpt2Family() { return {"gpt2", "GPT2LMHeadModel", "GPT2ForSequenceClassification", readConfig, create}; }

} // namespace mpo
