// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/gpt_neox.h"

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
    fields.theta = "rotary_emb_base";
    fields.partial = "rotary_pct";
    fields.defaultPartial = 0.25;
    return fields;
}

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "gpt_neox");
    config.kvHeads = config.heads;
    config.normEps = reader.positive("layer_norm_eps", 1e-5);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", false);
    readRotary(config, ropeFields());
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    const std::int64_t D = config.hidden, F = config.intermediate;
    const bool attentionBias = reader.flag("attention_bias", true);
    const Activation activation = activationFromName("hidden_act", reader.text("hidden_act", "gelu"));
    DecoderBuilder builder(config, tensors, seed, "gpt_neox.", "embed_in.weight");
    const auto norm
        = [&](const std::string& module) { return builder.norm(module, Norm::Kind::Layer, D, config.normEps); };
    builder.parts.parallelResidual = reader.flag("use_parallel_residual", true);
    builder.parts.embedding = builder.tensor("embed_in.weight", {config.vocabulary, D});
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const std::string p = fmt::format("layers.{}.", i);
        DecoderLayer layer;
        layer.attentionNorm = norm(p + "input_layernorm");
        layer.feedForwardNorm = norm(p + "post_attention_layernorm");
        layer.qkv.layout = QkvProjection::Layout::ByHead;
        layer.qkv.fused = builder.linear(p + "attention.query_key_value", 3 * D, D, attentionBias);
        layer.out = builder.linear(p + "attention.dense", D, D, attentionBias);
        layer.feedForward.activation = activation;
        layer.feedForward.up = builder.linear(p + "mlp.dense_h_to_4h", F, D, true);
        layer.feedForward.down = builder.linear(p + "mlp.dense_4h_to_h", D, F, true);
        builder.parts.layers.push_back(std::move(layer));
    }
    builder.parts.finalNorm = norm("final_layer_norm");
    builder.output({"embed_out.weight", "lm_head.weight"});
    builder.parts.rotaries.emplace_back(readRotary(config, ropeFields()));
    return std::make_unique<Decoder>(config, std::move(builder.parts));
}

} // namespace

ModelFamily gptNeoxFamily()
{
    return {"gpt_neox", "GPTNeoXForCausalLM", "GPTNeoXForSequenceClassification", readConfig, create};
}

} // namespace mpo
