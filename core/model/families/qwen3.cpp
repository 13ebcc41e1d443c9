// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/qwen3.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/families/llama_layout.h"
#include "core/model/families/qwen_windows.h"
#include "core/model/rope_config.h"

namespace mpo {

namespace {

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "qwen3", /*headWidth=*/128);
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", false);
    readRotary(config);
    qwenWindows(config);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const ConfigReader reader(config.raw);
    LlamaLayout layout;
    layout.qkvBias = layout.outBias = reader.flag("attention_bias", false);
    layout.headNorms = true;
    DecoderParts parts = takeLlamaParts(config, layout, tensors, seed);
    const std::vector<std::int64_t> windows = qwenWindows(config);
    for (std::size_t i = 0; i < parts.layers.size(); ++i)
        parts.layers[i].attention.window = windows[i];
    parts.rotaries.emplace_back(readRotary(config));
    return std::make_unique<Decoder>(config, std::move(parts));
}

} // namespace

ModelFamily qwen3Family()
{
    return {"qwen3", "Qwen3ForCausalLM", "Qwen3ForSequenceClassification", readConfig, create};
}

} // namespace mpo
