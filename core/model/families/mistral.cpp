// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/mistral.h"

#include "core/model/config_reader.h"
#include "core/model/decoder.h"
#include "core/model/families/llama_layout.h"
#include "core/model/rope_config.h"

namespace mpo {

namespace {

std::int64_t windowOf(const Json& config) { return ConfigReader(config).sizeOrNone("sliding_window", 4096); }

ModelConfig readConfig(const Json& json)
{
    const ConfigReader reader(json);
    ModelConfig config = readCommonConfig(json, "mistral");
    config.normEps = reader.positive("rms_norm_eps", 1e-6);
    config.tiedEmbeddings = reader.flag("tie_word_embeddings", false);
    readRotary(config);
    windowOf(json);
    return config;
}

std::unique_ptr<CausalLm> create(
    const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    DecoderParts parts = takeLlamaParts(config, {}, tensors, seed);
    for (DecoderLayer& layer : parts.layers)
        layer.attention.window = windowOf(config.raw);
    parts.rotaries.emplace_back(readRotary(config));
    return std::make_unique<Decoder>(config, std::move(parts));
}

} // namespace

ModelFamily mistralFamily()
{
    return {"mistral", "MistralForCausalLM", "MistralForSequenceClassification", readConfig, create};
}

} // namespace mpo
