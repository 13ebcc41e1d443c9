// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/gemma.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/families/llama_layout.h"
#include "core/model/rope_config.h"

#include <cmath>

namespace mpo {

namespace {

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "gemma", /*headWidth=*/256);
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", true);
    readRotary(config);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    LlamaLayout layout;
    layout.qkvBias = layout.outBias = reader.flag("attention_bias", false);
    layout.norm = Norm::Kind::RmsFromOne;
    layout.activation = "gelu_pytorch_tanh";
    DecoderParts parts = takeLlamaParts(config, layout, tensors, seed);
    // The first releases wrote "gelu" and meant its tanh form.
    if (reader.text("hidden_act", "gelu") == "gelu")
        for (DecoderLayer& layer : parts.layers)
            layer.feedForward.activation = Activation::GeluTanh;
    parts.embeddingScale = std::sqrt(double(config.hidden));
    parts.rotaries.emplace_back(readRotary(config));
    return std::make_unique<Decoder>(config, std::move(parts));
}

} // namespace

ModelFamily gemmaFamily()
{
    return {"gemma", "GemmaForCausalLM", "GemmaForSequenceClassification", readConfig, create};
}

} // namespace mpo
