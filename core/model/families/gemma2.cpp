// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/gemma2.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/families/llama_layout.h"
#include "core/model/rope_config.h"

#include <cmath>

namespace mpo {

namespace {

/// null: no cap.
double capOf(const Json& config, const char* field, double otherwise)
{
    const auto found = config.find(field);
    return found != config.end() && found->is_null() ? 0.0 : ConfigReader(config).positive(field, otherwise);
}

double outputCapOf(const Json& config) { return capOf(config, "final_logit_softcapping", 30.0); }

/// For each layer.
std::vector<AttentionOptions> attentionOf(const ModelConfig& config)
{
    const ConfigReader reader(config.raw);
    AttentionOptions full;
    full.scale = 1.0 / std::sqrt(reader.positive("query_pre_attn_scalar", 256.0));
    full.softCap = capOf(config.raw, "attn_logit_softcapping", 50.0);
    AttentionOptions local = full;
    local.window = reader.sizeOrNone("sliding_window", 4096);
    std::vector<AttentionOptions> layers;
    for (const bool sliding :
        readSlidingLayers(config.raw, config.layers, [](std::int64_t layer) { return layer % 2 == 0; }))
        layers.push_back(sliding ? local : full);
    return layers;
}

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "gemma2", /*headWidth=*/256);
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", true);
    readRotary(config);
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
    layout.norm = Norm::Kind::RmsFromOne;
    layout.normsAround = true;
    layout.activationField = "hidden_activation";
    layout.activation = "gelu_pytorch_tanh";
    DecoderParts parts = takeLlamaParts(config, layout, tensors, seed);
    const std::vector<AttentionOptions> attention = attentionOf(config);
    for (std::size_t i = 0; i < parts.layers.size(); ++i)
        parts.layers[i].attention = attention[i];
    parts.outputSoftCap = outputCapOf(config.raw);
    parts.embeddingScale = std::sqrt(double(config.hidden));
    parts.rotaries.emplace_back(readRotary(config));
    return std::make_unique<Decoder>(config, std::move(parts));
}

} // namespace

ModelFamily gemma2Family()
{
    return {"gemma2", "Gemma2ForCausalLM", "Gemma2ForSequenceClassification", readConfig, create};
}

} // namespace mpo
