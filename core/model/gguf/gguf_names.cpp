// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_names.h"

#include "core/model/weight_source.h"
#include "core/support/error.h"

#include <ATen/ATen.h>

namespace mpo {

namespace {

using enum GgufUndo;

constexpr GgufName kLlama[] {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "model.layers.*.input_layernorm"},
    {"blk.*.attn_q", "model.layers.*.self_attn.q_proj", QueryRows},
    {"blk.*.attn_k", "model.layers.*.self_attn.k_proj", KeyRows},
    {"blk.*.attn_v", "model.layers.*.self_attn.v_proj"},
    {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"},
    {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_gate", "model.layers.*.mlp.gate_proj"},
    {"blk.*.ffn_up", "model.layers.*.mlp.up_proj"},
    {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"},
};

constexpr GgufName kQwen[] {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "model.layers.*.input_layernorm"},
    {"blk.*.attn_q", "model.layers.*.self_attn.q_proj"},
    {"blk.*.attn_k", "model.layers.*.self_attn.k_proj"},
    {"blk.*.attn_v", "model.layers.*.self_attn.v_proj"},
    {"blk.*.attn_q_norm", "model.layers.*.self_attn.q_norm"},
    {"blk.*.attn_k_norm", "model.layers.*.self_attn.k_norm"},
    {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"},
    {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_gate", "model.layers.*.mlp.gate_proj"},
    {"blk.*.ffn_up", "model.layers.*.mlp.up_proj"},
    {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"},
};

constexpr GgufName kGemma[] {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm", PlusOne},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "model.layers.*.input_layernorm", PlusOne},
    {"blk.*.attn_q", "model.layers.*.self_attn.q_proj"},
    {"blk.*.attn_k", "model.layers.*.self_attn.k_proj"},
    {"blk.*.attn_v", "model.layers.*.self_attn.v_proj"},
    {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"},
    {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm", PlusOne},
    {"blk.*.ffn_gate", "model.layers.*.mlp.gate_proj"},
    {"blk.*.ffn_up", "model.layers.*.mlp.up_proj"},
    {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"},
};

/// Gemma 2 and 3: norms behind attention and feed-forward, too.
constexpr GgufName kGemma2[] {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm", PlusOne},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "model.layers.*.input_layernorm", PlusOne},
    {"blk.*.attn_q", "model.layers.*.self_attn.q_proj"},
    {"blk.*.attn_k", "model.layers.*.self_attn.k_proj"},
    {"blk.*.attn_v", "model.layers.*.self_attn.v_proj"},
    {"blk.*.attn_q_norm", "model.layers.*.self_attn.q_norm", PlusOne},
    {"blk.*.attn_k_norm", "model.layers.*.self_attn.k_norm", PlusOne},
    {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"},
    {"blk.*.post_attention_norm", "model.layers.*.post_attention_layernorm", PlusOne},
    {"blk.*.ffn_norm", "model.layers.*.pre_feedforward_layernorm", PlusOne},
    {"blk.*.ffn_gate", "model.layers.*.mlp.gate_proj"},
    {"blk.*.ffn_up", "model.layers.*.mlp.up_proj"},
    {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"},
    {"blk.*.post_ffw_norm", "model.layers.*.post_feedforward_layernorm", PlusOne},
};

constexpr GgufName kPhi3[] {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "model.layers.*.input_layernorm"},
    {"blk.*.attn_qkv", "model.layers.*.self_attn.qkv_proj"},
    {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"},
    {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_up", "model.layers.*.mlp.gate_up_proj"},
    {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"},
};

constexpr GgufName kGpt2[] {
    {"token_embd", "transformer.wte"},
    {"position_embd", "transformer.wpe"},
    {"output_norm", "transformer.ln_f"},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "transformer.h.*.ln_1"},
    {"blk.*.attn_qkv", "transformer.h.*.attn.c_attn", Transposed},
    {"blk.*.attn_output", "transformer.h.*.attn.c_proj", Transposed},
    {"blk.*.ffn_norm", "transformer.h.*.ln_2"},
    {"blk.*.ffn_up", "transformer.h.*.mlp.c_fc", Transposed},
    {"blk.*.ffn_down", "transformer.h.*.mlp.c_proj", Transposed},
};

constexpr GgufName kGptNeoX[] {
    {"token_embd", "gpt_neox.embed_in"},
    {"output_norm", "gpt_neox.final_layer_norm"},
    {"output", "embed_out"},
    {"blk.*.attn_norm", "gpt_neox.layers.*.input_layernorm"},
    {"blk.*.attn_qkv", "gpt_neox.layers.*.attention.query_key_value", GroupedQkv},
    {"blk.*.attn_output", "gpt_neox.layers.*.attention.dense"},
    {"blk.*.ffn_norm", "gpt_neox.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_up", "gpt_neox.layers.*.mlp.dense_h_to_4h"},
    {"blk.*.ffn_down", "gpt_neox.layers.*.mlp.dense_4h_to_h"},
};

struct Architecture
{
    std::string_view name;
    std::span<const GgufName> names;
};
constexpr Architecture kArchitectures[] {{"llama", kLlama}, {"qwen2", kQwen}, {"qwen3", kQwen}, {"gemma", kGemma},
    {"gemma2", kGemma2}, {"gemma3", kGemma2}, {"phi3", kPhi3}, {"gpt2", kGpt2}, {"gptneox", kGptNeoX}};

struct Taken
{
    std::string stem, layer, suffix; ///< "blk.*.attn_q", "12" or empty, ".weight"
};

Taken takenApart(const std::string& name)
{
    Taken taken {name, {}, {}};
    for (const char* suffix : {".weight", ".bias"})
        if (taken.stem.ends_with(suffix)) {
            taken.suffix = suffix;
            taken.stem.resize(taken.stem.size() - taken.suffix.size());
            break;
        }
    constexpr std::string_view kBlock = "blk.";
    const std::size_t end = taken.stem.find_first_not_of("0123456789", kBlock.size());
    if (taken.stem.starts_with(kBlock) && end != std::string::npos && end > kBlock.size() && taken.stem[end] == '.') {
        taken.layer = taken.stem.substr(kBlock.size(), end - kBlock.size());
        taken.stem.replace(kBlock.size(), taken.layer.size(), "*");
    }
    return taken;
}

const GgufName* findName(std::span<const GgufName> names, std::string_view stem)
{
    for (const GgufName& name : names)
        if (name.gguf == stem)
            return &name;
    return nullptr;
}

void checkRows(const std::string& name, const at::Tensor& tensor, std::int64_t divisor)
{
    if (tensor.dim() < 1 || divisor < 1 || tensor.size(0) % divisor != 0)
        fail("tensor {} has the shape {}, which does not fit {} heads", name, shapeText(tensor.sizes()), divisor);
}

/// Rows come as (heads, W / 2, 2) and are wanted as (heads, 2, W / 2).
at::Tensor halves(const std::string& name, const at::Tensor& tensor, std::int64_t heads)
{
    checkRows(name, tensor, 2 * heads);
    return tensor.reshape({heads, tensor.size(0) / heads / 2, 2, -1}).transpose(1, 2).reshape(tensor.sizes());
}

at::Tensor undone(const std::string& name, const at::Tensor& tensor, GgufUndo undo, const GgufHeads& heads)
{
    switch (undo) {
    case Nothing:
        return tensor;
    case QueryRows:
        return halves(name, tensor, heads.queries);
    case KeyRows:
        return halves(name, tensor, heads.keys);
    case PlusOne:
        return tensor - 1.0;
    case Transposed:
        return tensor.dim() == 2 ? tensor.t().contiguous() : tensor;
    case GroupedQkv:
        checkRows(name, tensor, 3 * heads.queries);
        return tensor.reshape({3, heads.queries, tensor.size(0) / 3 / heads.queries, -1})
            .transpose(0, 1)
            .reshape(tensor.sizes());
    }
    return tensor;
}

/// The converter can be told to store q, k and v as one tensor where the architecture has three.
void splitQkv(std::map<std::string, at::Tensor>& tensors, std::span<const GgufName> names, const GgufHeads& heads)
{
    if (findName(names, "blk.*.attn_qkv"))
        return;
    std::map<std::string, at::Tensor> parts;
    std::erase_if(tensors, [&](const auto& entry) {
        const auto& [name, tensor] = entry;
        const Taken taken = takenApart(name);
        if (taken.stem != "blk.*.attn_qkv")
            return false;
        const std::int64_t all = heads.queries + 2 * heads.keys;
        checkRows(name, tensor, all);
        const std::int64_t width = tensor.size(0) / all;
        std::int64_t begin = 0;
        for (const auto& [part, count] :
            {std::pair {"attn_q", heads.queries}, {"attn_k", heads.keys}, {"attn_v", heads.keys}}) {
            parts.emplace(fmt::format("blk.{}.{}{}", taken.layer, part, taken.suffix),
                tensor.narrow(0, begin, count * width).contiguous());
            begin += count * width;
        }
        return true;
    });
    tensors.merge(parts);
}

} // namespace

std::span<const GgufName> ggufNames(std::string_view architecture)
{
    for (const Architecture& known : kArchitectures)
        if (known.name == architecture)
            return known.names;
    return {};
}

std::map<std::string, at::Tensor> huggingFaceTensors(
    std::map<std::string, at::Tensor> tensors, std::span<const GgufName> names, const GgufHeads& heads)
{
    splitQkv(tensors, names, heads);
    std::map<std::string, at::Tensor> renamed;
    while (!tensors.empty()) { // one by one: both copies of a large tensor do not stand in memory longer than needed
        const auto node = tensors.extract(tensors.begin());
        const Taken taken = takenApart(node.key());
        const GgufName* known = findName(names, taken.stem);
        std::string name = node.key();
        if (known) {
            name = std::string(known->huggingFace);
            if (const std::size_t star = name.find('*'); star != std::string::npos)
                name.replace(star, 1, taken.layer);
            name += taken.suffix;
        }
        renamed.emplace(name, known ? undone(node.key(), node.mapped(), known->undo, heads) : node.mapped());
    }
    return renamed;
}

} // namespace mpo
