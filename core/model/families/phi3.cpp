// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/phi3.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/decoder_builder.h"
#include "core/model/rope_config.h"

#include <fmt/core.h>

namespace mpo {

namespace {

RopeFields ropeFields()
{
    RopeFields fields;
    fields.yarnIsLongRope = true;
    fields.originalPositions = 4096;
    return fields;
}

std::int64_t windowOf(const Json& config) { return ConfigReader(config).sizeOrNone("sliding_window", 0); }

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "phi3");
    config.normEps = reader.positive("rms_norm_eps", 1e-5);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", false);
    readRotary(config, ropeFields());
    windowOf(json);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    const std::int64_t D = config.hidden, F = config.intermediate, W = config.headWidth;
    const std::int64_t queries = config.heads * W, keys = config.kvHeads * W;
    const std::int64_t window = windowOf(config.raw);
    const Activation activation = activationFromName("hidden_act", reader.text("hidden_act", "silu"));
    DecoderBuilder builder(config, tensors, seed, "model.", "embed_tokens.weight");
    const auto norm
        = [&](const std::string& module) { return builder.norm(module, Norm::Kind::Rms, D, config.normEps); };
    builder.parts.embedding = builder.tensor("embed_tokens.weight", {config.vocabulary, D});
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const std::string p = fmt::format("layers.{}.", i);
        DecoderLayer layer;
        layer.qkv.fused = builder.linear(p + "self_attn.qkv_proj", queries + 2 * keys, D, false);
        layer.out = builder.linear(p + "self_attn.o_proj", D, queries, false);
        layer.feedForward.activation = activation;
        layer.feedForward.gateUp = builder.linear(p + "mlp.gate_up_proj", 2 * F, D, false);
        layer.feedForward.down = builder.linear(p + "mlp.down_proj", D, F, false);
        layer.attentionNorm = norm(p + "input_layernorm");
        layer.feedForwardNorm = norm(p + "post_attention_layernorm");
        layer.attention.window = window;
        builder.parts.layers.push_back(std::move(layer));
    }
    builder.parts.finalNorm = norm("norm");
    builder.output({"lm_head.weight"});
    builder.parts.rotaries.emplace_back(readRotary(config, ropeFields()));
    return std::make_unique<Decoder>(config, std::move(builder.parts));
}

} // namespace

ModelFamily phi3Family() { return {"phi3", "Phi3ForCausalLM", "Phi3ForSequenceClassification", readConfig, create}; }

} // namespace mpo
