// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/llama_layout.h"

#include "core/model/config_reader.h"
#include "core/model/decoder_builder.h"

#include <fmt/core.h>

namespace mpo {

DecoderParts takeLlamaParts(const ModelConfig& config, const LlamaLayout& layout,
    std::map<std::string, at::Tensor>& tensors, std::uint64_t seed)
{
    const std::int64_t D = config.hidden, F = config.intermediate, W = config.headWidth;
    const std::int64_t queries = config.heads * W, keys = config.kvHeads * W;
    const Activation activation = activationFromName(
        layout.activationField, ConfigReader(config.raw).text(layout.activationField.c_str(), layout.activation));
    DecoderBuilder builder(config, tensors, seed, "model.", "embed_tokens.weight");
    const auto norm = [&](const std::string& module, std::int64_t width) {
        return builder.norm(module, layout.norm, width, config.normEps);
    };
    builder.parts.embedding = builder.tensor("embed_tokens.weight", {config.vocabulary, D});
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const std::string p = fmt::format("layers.{}.", i);
        DecoderLayer layer;
        layer.qkv.q = builder.linear(p + "self_attn.q_proj", queries, D, layout.qkvBias);
        layer.qkv.k = builder.linear(p + "self_attn.k_proj", keys, D, layout.qkvBias);
        layer.qkv.v = builder.linear(p + "self_attn.v_proj", keys, D, layout.qkvBias);
        layer.out = builder.linear(p + "self_attn.o_proj", D, queries, layout.outBias);
        if (layout.headNorms) {
            layer.qkv.queryNorm = norm(p + "self_attn.q_norm", W);
            layer.qkv.keyNorm = norm(p + "self_attn.k_norm", W);
        }
        layer.feedForward.activation = activation;
        layer.feedForward.gate = builder.linear(p + "mlp.gate_proj", F, D, layout.mlpBias);
        layer.feedForward.up = builder.linear(p + "mlp.up_proj", F, D, layout.mlpBias);
        layer.feedForward.down = builder.linear(p + "mlp.down_proj", D, F, layout.mlpBias);
        layer.attentionNorm = norm(p + "input_layernorm", D);
        const Norm afterAttention = norm(p + "post_attention_layernorm", D);
        if (layout.normsAround) {
            layer.attentionOutNorm = afterAttention;
            layer.feedForwardNorm = norm(p + "pre_feedforward_layernorm", D);
            layer.feedForwardOutNorm = norm(p + "post_feedforward_layernorm", D);
        } else {
            layer.feedForwardNorm = afterAttention; // its name notwithstanding
        }
        builder.parts.layers.push_back(std::move(layer));
    }
    builder.parts.finalNorm = norm("norm", D);
    builder.output({"lm_head.weight"});
    return std::move(builder.parts);
}

} // namespace mpo
