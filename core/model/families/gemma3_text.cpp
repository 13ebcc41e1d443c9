// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/gemma3_text.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/families/llama_layout.h"
#include "core/model/rope_config.h"
#include "core/support/error.h"

#include <cmath>

namespace mpo {

namespace {

RopeFields fieldsOf(bool sliding)
{
    RopeFields fields;
    fields.layerType = sliding ? "sliding_attention" : "full_attention";
    fields.theta = sliding ? "rope_local_base_freq" : "rope_theta";
    fields.defaultTheta = sliding ? 10000.0 : 1e6;
    fields.useScaling = !sliding;
    return fields;
}

std::vector<bool> slidingLayers(const ModelConfig& config)
{
    const ConfigReader reader(config.raw);
    const std::int64_t pattern = reader.size("sliding_window_pattern", reader.size("_sliding_window_pattern", 6));
    return readSlidingLayers(config.raw, config.layers, [&](std::int64_t layer) { return (layer + 1) % pattern != 0; });
}

/// For each layer.
std::vector<AttentionOptions> attentionOf(const ModelConfig& config)
{
    const ConfigReader reader(config.raw);
    AttentionOptions full;
    full.scale = 1.0 / std::sqrt(reader.positive("query_pre_attn_scalar", 256.0));
    AttentionOptions local = full;
    local.window = reader.sizeOrNone("sliding_window", 4096);
    std::vector<AttentionOptions> layers;
    for (const bool sliding : slidingLayers(config))
        layers.push_back(sliding ? local : full);
    return layers;
}

double outputCapOf(const Json& config)
{
    const ConfigReader reader(config);
    return reader.find("final_logit_softcapping") ? reader.positive("final_logit_softcapping", 1.0) : 0.0;
}

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "gemma3_text", /*headWidth=*/256);
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", true);
    if (reader.flag("use_bidirectional_attention", false))
        fail("\"use_bidirectional_attention\": this is an encoder of embeddings, not a language model");
    readRotary(config, fieldsOf(true));
    readRotary(config, fieldsOf(false));
    attentionOf(config);
    outputCapOf(json);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    LlamaLayout layout;
    layout.qkvBias = layout.outBias = reader.flag("attention_bias", false);
    layout.headNorms = true;
    layout.norm = Norm::Kind::RmsFromOne;
    layout.normsAround = true;
    layout.activationField = "hidden_activation";
    layout.activation = "gelu_pytorch_tanh";
    DecoderParts parts = takeLlamaParts(config, layout, tensors, seed);
    const std::vector<AttentionOptions> attention = attentionOf(config);
    const std::vector<bool> sliding = slidingLayers(config);
    for (std::size_t i = 0; i < parts.layers.size(); ++i) {
        parts.layers[i].attention = attention[i];
        parts.layers[i].rotary = sliding[i] ? 1 : 0;
    }
    parts.outputSoftCap = outputCapOf(config.raw);
    parts.embeddingScale = std::sqrt(double(config.hidden));
    parts.rotaries.emplace_back(readRotary(config, fieldsOf(false)));
    parts.rotaries.emplace_back(readRotary(config, fieldsOf(true)));
    return std::make_unique<Decoder>(config, std::move(parts));
}

} // namespace

ModelFamily gemma3TextFamily()
{
    return {"gemma3_text", "Gemma3ForCausalLM", "Gemma3TextForSequenceClassification", readConfig, create};
}

} // namespace mpo
