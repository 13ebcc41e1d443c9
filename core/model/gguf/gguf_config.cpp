// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What llama.cpp's converter writes under which key: conversion/*.py there; what a file leaves out and llama.cpp knows
// by the architecture: src/models/*.cpp.

#include "core/model/gguf/gguf_config.h"

#include "core/model/gguf/gguf_rope.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <cctype>

#include <cstring>
#include <limits>
#include <optional>

namespace mpo {

namespace {

/// The metadata under "ARCHITECTURE.".
class Keys
{
public:
    explicit Keys(const GgufFile& file)
        : file(file)
        , m_prefix(ggufArchitecture(file) + ".")
    {
    }

    /// nullptr: absent. A list with one number for each layer counts as that number if they are all the same.
    const std::int64_t* find(const char* key) const
    {
        const std::string whole = m_prefix + key;
        const GgufValue* value = file.find(whole);
        if (!value)
            return nullptr;
        if (const auto* list = std::get_if<std::vector<std::int64_t>>(value)) {
            if (list->empty() || std::adjacent_find(list->begin(), list->end(), std::not_equal_to<>()) != list->end())
                fail("{}: \"{}\" differs from layer to layer, which is not supported", file.path().string(), whole);
            return &list->front();
        }
        return file.get<std::int64_t>(whole);
    }
    std::int64_t size(const char* key) const
    {
        const std::int64_t* value = find(key);
        if (!value)
            fail("{}: \"{}{}\" is missing", file.path().string(), m_prefix, key);
        return checked(key, *value);
    }
    std::int64_t size(const char* key, std::int64_t otherwise) const
    {
        const std::int64_t* value = find(key);
        return value ? checked(key, *value) : otherwise;
    }
    const double* real(const char* key) const { return file.get<double>(m_prefix + key); }
    double real(const char* key, double otherwise) const
    {
        const double* value = real(key);
        return value ? *value : otherwise;
    }
    double realOrFail(const char* key) const
    {
        const double* value = real(key);
        if (!value)
            fail("{}: \"{}{}\" is missing", file.path().string(), m_prefix, key);
        return *value;
    }
    std::string text(const char* key) const
    {
        const std::string* value = file.get<std::string>(m_prefix + key);
        return value ? *value : std::string();
    }
    std::string name(const char* key) const { return m_prefix + key; }

    /// Rows of a matrix.
    std::int64_t rows(const char* tensor) const
    {
        const GgufTensor* found = file.tensor(tensor);
        if (!found || found->shape.size() != 2)
            fail("{}: tensor {} is missing or not a matrix", file.path().string(), tensor);
        return found->shape.front();
    }
    bool has(const char* tensor) const { return file.tensor(tensor) != nullptr; }

    const GgufFile& file;

private:
    std::int64_t checked(const char* key, std::int64_t value) const
    {
        if (value < 1 || value > std::numeric_limits<std::int32_t>::max())
            fail("{}: \"{}{}\" is {} where a whole number from 1 on is needed", file.path().string(), m_prefix, key,
                value);
        return value;
    }

    std::string m_prefix;
};

std::vector<float> vectorOf(const Keys& keys, const char* name)
{
    const GgufTensor* tensor = keys.file.tensor(name);
    if (!tensor || tensor->shape.size() != 1 || tensor->type->name != "F32")
        fail("{}: tensor {} is missing or not a list of F32", keys.file.path().string(), name);
    std::vector<float> values(std::size_t(tensor->shape.front()));
    std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
    return values;
}

/// The output layer is the embedding matrix, or stored as a second copy of it (older files of GPT-2).
bool isTied(const Keys& keys)
{
    const GgufTensor *output = keys.file.tensor("output.weight"), *embedding = keys.file.tensor("token_embd.weight");
    return !output
        || (embedding && output->type == embedding->type && output->shape == embedding->shape
            && std::equal(output->bytes.begin(), output->bytes.end(), embedding->bytes.begin()));
}

Json ropeScaling(const Keys& keys, double theta)
{
    if (keys.has("rope_freqs.weight")) {
        const std::vector<float> factors = vectorOf(keys, "rope_freqs.weight");
        try {
            return llama3Scaling(factors, theta);
        } catch (const Error& error) {
            fail("{}: {}", keys.file.path().string(), error.what());
        }
    }
    if (keys.has("rope_factors_long.weight"))
        return {{"rope_type", "longrope"}, {"short_factor", vectorOf(keys, "rope_factors_short.weight")},
            {"long_factor", vectorOf(keys, "rope_factors_long.weight")}};
    const std::string type = keys.text("rope.scaling.type");
    if (type.empty() || type == "none")
        return {};
    Json scaling {{"rope_type", type}, {"factor", keys.realOrFail("rope.scaling.factor")}};
    if (type == "yarn") {
        scaling["original_max_position_embeddings"] = keys.size("rope.scaling.original_context_length");
        for (const auto& [key, field] : {std::pair {"rope.scaling.yarn_attn_factor", "attention_factor"},
                 {"rope.scaling.yarn_beta_fast", "beta_fast"}, {"rope.scaling.yarn_beta_slow", "beta_slow"}})
            if (const double* value = keys.real(key))
                scaling[field] = *value;
    } else if (type != "linear") {
        fail("{}: \"{}\" is \"{}\"; there are none, linear and yarn", keys.file.path().string(),
            keys.name("rope.scaling.type"), toPrintable(shortened(type, 40)));
    }
    return scaling;
}

/// What the families with RMS norms and gated feed-forwards have in common.
Json decoderConfig(const Keys& keys, const char* type, double theta)
{
    const std::int64_t heads = keys.size("attention.head_count"), hidden = keys.size("embedding_length");
    const std::int64_t width = keys.size("attention.key_length", std::max<std::int64_t>(1, hidden / heads));
    if (keys.size("attention.value_length", width) != width)
        fail("{}: keys and values of different widths are not supported", keys.file.path().string());
    if (const std::int64_t last = keys.size("block_count") - 1;
        !keys.has(fmt::format("blk.{}.attn_norm.weight", last).c_str()))
        fail("{}: tensor blk.{}.attn_norm.weight is missing; the file is damaged", keys.file.path().string(), last);
    const double base = keys.real("rope.freq_base", theta);
    return {{"model_type", type}, {"vocab_size", keys.rows("token_embd.weight")}, {"hidden_size", hidden},
        {"intermediate_size", keys.size("feed_forward_length")}, {"num_hidden_layers", keys.size("block_count")},
        {"num_attention_heads", heads}, {"num_key_value_heads", keys.size("attention.head_count_kv", heads)},
        {"head_dim", width}, {"max_position_embeddings", keys.size("context_length")},
        {"rms_norm_eps", keys.realOrFail("attention.layer_norm_rms_epsilon")}, {"rope_theta", base},
        {"rope_scaling", ropeScaling(keys, base)}, {"tie_word_embeddings", isTied(keys)}};
}

/// The converter writes Mistral as "llama"; both compute the same.
bool isMistral(const Keys& keys)
{
    for (const char* key : {"general.basename", "general.name"})
        if (const auto* name = keys.file.get<std::string>(key)) {
            std::string lower = *name;
            std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
            if (lower.find("mistral") != std::string::npos)
                return true;
        }
    return false;
}

Json llamaConfig(const Keys& keys)
{
    if (keys.size("expert_count", 1) > 1)
        fail("{}: mixtures of experts are not supported", keys.file.path().string());
    const bool mistral = isMistral(keys);
    Json config = decoderConfig(keys, mistral ? "mistral" : "llama", 10000.0);
    // Files from before attention.key_length say it here.
    config["head_dim"]
        = keys.size("attention.key_length", keys.size("rope.dimension_count", config["head_dim"].get<std::int64_t>()));
    config["hidden_act"] = "silu";
    if (mistral) {
        const std::int64_t* window = keys.find("attention.sliding_window");
        config["sliding_window"] = window && *window > 0 ? Json(*window) : Json();
    } else {
        config["attention_bias"] = keys.has("blk.0.attn_q.bias") || keys.has("blk.0.attn_qkv.bias");
        config["mlp_bias"] = keys.has("blk.0.ffn_up.bias");
    }
    return config;
}

Json qwen2Config(const Keys& keys)
{
    Json config = decoderConfig(keys, "qwen2", 10000.0);
    config["hidden_act"] = "silu";
    config["use_sliding_window"] = false;
    return config;
}

Json qwen3Config(const Keys& keys)
{
    Json config = decoderConfig(keys, "qwen3", 10000.0);
    config["hidden_act"] = "silu";
    config["attention_bias"] = keys.has("blk.0.attn_q.bias");
    config["use_sliding_window"] = false;
    return config;
}

Json gemmaConfig(const Keys& keys)
{
    Json config = decoderConfig(keys, "gemma", 10000.0);
    config["hidden_act"] = "gelu_pytorch_tanh";
    config["attention_bias"] = keys.has("blk.0.attn_q.bias");
    return config;
}

/// Which layers see a window only: a flag for each, or every layer but each n-th.
Json layerTypes(const Keys& keys, std::int64_t pattern)
{
    const std::string key = keys.name("attention.sliding_window_pattern");
    const std::int64_t layers = keys.size("block_count");
    const auto* flags = keys.file.find(key) ? std::get_if<std::vector<bool>>(keys.file.find(key)) : nullptr;
    if (flags && std::int64_t(flags->size()) != layers)
        fail("{}: \"{}\" does not have one element for each layer", keys.file.path().string(), key);
    if (!flags)
        pattern = keys.size("attention.sliding_window_pattern", pattern);
    Json types = Json::array();
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        const bool sliding = flags ? bool((*flags)[std::size_t(layer)]) : (layer + 1) % pattern != 0;
        types.push_back(sliding ? "sliding_attention" : "full_attention");
    }
    return types;
}

/// `wideScale`: number of layers of the one size whose scores are divided by the root of hidden / heads.
Json slidingGemmaConfig(const Keys& keys, const char* type, double theta, std::int64_t pattern, std::int64_t wideScale)
{
    Json config = decoderConfig(keys, type, theta);
    const auto number = [&](const char* field) { return config[field].get<std::int64_t>(); };
    config["hidden_activation"] = "gelu_pytorch_tanh";
    config["query_pre_attn_scalar"] = number("num_hidden_layers") == wideScale
        ? number("hidden_size") / number("num_attention_heads")
        : number("head_dim");
    config["attention_bias"] = keys.has("blk.0.attn_q.bias");
    config["final_logit_softcapping"] = Json();
    config["attn_logit_softcapping"] = Json();
    for (const auto& [key, field] : {std::pair {"attn_logit_softcapping", "attn_logit_softcapping"},
             {"final_logit_softcapping", "final_logit_softcapping"}})
        if (const double* cap = keys.real(key); cap && *cap > 0.0)
            config[field] = *cap;
    const std::int64_t* window = keys.find("attention.sliding_window");
    if (window && *window > 0) {
        config["sliding_window"] = *window;
        config["layer_types"] = layerTypes(keys, pattern);
    } else {
        config["sliding_window"] = keys.size("context_length");
        config["layer_types"]
            = Json(std::vector<std::string>(std::size_t(number("num_hidden_layers")), "full_attention"));
    }
    return config;
}

Json gemma2Config(const Keys& keys)
{
    constexpr std::int64_t kLayersOf27B = 46;
    return slidingGemmaConfig(keys, "gemma2", 10000.0, 2, kLayersOf27B);
}

Json gemma3Config(const Keys& keys)
{
    constexpr std::int64_t kLayersOf27B = 62;
    Json config = slidingGemmaConfig(keys, "gemma3_text", 1e6, 6, kLayersOf27B);
    config["rope_local_base_freq"] = keys.real("rope.freq_base_swa", 10000.0);
    return config;
}

Json phi3Config(const Keys& keys)
{
    Json config = decoderConfig(keys, "phi3", 10000.0);
    const auto width = config["head_dim"].get<std::int64_t>();
    config.erase("head_dim"); // Phi-3 has no such field: hidden / heads
    config["hidden_act"] = "silu";
    config["partial_rotary_factor"] = double(keys.size("rope.dimension_count", width)) / double(width);
    config["original_max_position_embeddings"]
        = keys.size("rope.scaling.original_context_length", keys.size("context_length"));
    const std::int64_t* window = keys.find("attention.sliding_window");
    config["sliding_window"] = window && *window > 0 ? Json(*window) : Json();
    return config;
}

Json gpt2Config(const Keys& keys)
{
    // feed_forward_length is always four times the width in the file, also where the matrix is not.
    return {{"model_type", "gpt2"}, {"vocab_size", keys.rows("token_embd.weight")},
        {"n_embd", keys.size("embedding_length")}, {"n_layer", keys.size("block_count")},
        {"n_head", keys.size("attention.head_count")}, {"n_positions", keys.rows("position_embd.weight")},
        {"n_inner", keys.rows("blk.0.ffn_up.weight")}, {"activation_function", "gelu_new"},
        {"layer_norm_epsilon", keys.realOrFail("attention.layer_norm_epsilon")}, {"tie_word_embeddings", isTied(keys)}};
}

Json gptNeoXConfig(const Keys& keys)
{
    const std::int64_t heads = keys.size("attention.head_count"), hidden = keys.size("embedding_length");
    const std::int64_t width = std::max<std::int64_t>(1, hidden / heads);
    const bool* parallel = keys.file.get<bool>(keys.name("use_parallel_residual"));
    return {{"model_type", "gpt_neox"}, {"vocab_size", keys.rows("token_embd.weight")}, {"hidden_size", hidden},
        {"intermediate_size", keys.size("feed_forward_length")}, {"num_hidden_layers", keys.size("block_count")},
        {"num_attention_heads", heads}, {"max_position_embeddings", keys.size("context_length")},
        {"layer_norm_eps", keys.realOrFail("attention.layer_norm_epsilon")}, {"hidden_act", "gelu"},
        {"rotary_pct", double(keys.size("rope.dimension_count", width)) / double(width)},
        {"rotary_emb_base", keys.real("rope.freq_base", 10000.0)}, {"use_parallel_residual", !parallel || *parallel},
        {"attention_bias", keys.has("blk.0.attn_qkv.bias")}, {"tie_word_embeddings", isTied(keys)}};
}

struct Architecture
{
    std::string_view name;
    Json (*config)(const Keys&);
};
constexpr Architecture kArchitectures[] {{"llama", llamaConfig}, {"qwen2", qwen2Config}, {"qwen3", qwen3Config},
    {"gemma", gemmaConfig}, {"gemma2", gemma2Config}, {"gemma3", gemma3Config}, {"phi3", phi3Config},
    {"gpt2", gpt2Config}, {"gptneox", gptNeoXConfig}};

std::optional<std::int64_t> tokenId(const GgufFile& file, const char* key)
{
    const auto* id = file.get<std::int64_t>(key);
    return id && *id >= 0 && *id < std::numeric_limits<std::int32_t>::max() ? std::optional(*id) : std::nullopt;
}

} // namespace

std::string ggufArchitecture(const GgufFile& file)
{
    const auto* name = file.get<std::string>("general.architecture");
    if (!name)
        fail("{}: \"general.architecture\" is missing; this is not a model", file.path().string());
    return *name;
}

Json ggufConfig(const GgufFile& file)
{
    const std::string name = ggufArchitecture(file);
    const auto found = std::find_if(
        std::begin(kArchitectures), std::end(kArchitectures), [&](const Architecture& a) { return a.name == name; });
    if (found == std::end(kArchitectures)) {
        std::string known;
        for (const Architecture& architecture : kArchitectures)
            known += (known.empty() ? "" : ", ") + std::string(architecture.name);
        fail("{}: the architecture \"{}\" is not supported; there are {}", file.path().string(),
            toPrintable(shortened(name, 40)), known);
    }
    if (const auto* parts = file.get<std::int64_t>("split.count"); parts && *parts > 1)
        fail("{}: the model is split into {} files; join them with llama-gguf-split --merge", file.path().string(),
            *parts);
    Json config = found->config(Keys(file));
    for (const auto& [key, field] : {std::pair {"tokenizer.ggml.bos_token_id", "bos_token_id"},
             {"tokenizer.ggml.eos_token_id", "eos_token_id"}, {"tokenizer.ggml.padding_token_id", "pad_token_id"}}) {
        const auto id = tokenId(file, key);
        config[field] = id ? Json(*id) : Json();
    }
    return config;
}

Json ggufGenerationConfig(const GgufFile& file)
{
    Json generation = Json::object();
    for (const auto& [key, field] : {std::pair {"tokenizer.ggml.bos_token_id", "bos_token_id"},
             {"tokenizer.ggml.eos_token_id", "eos_token_id"}, {"tokenizer.ggml.padding_token_id", "pad_token_id"}})
        if (const auto id = tokenId(file, key))
            generation[field] = *id;
    const auto turn = tokenId(file, "tokenizer.ggml.eot_token_id");
    if (turn && generation.contains("eos_token_id") && generation["eos_token_id"] != *turn)
        generation["eos_token_id"] = {generation["eos_token_id"], *turn};
    return generation;
}

} // namespace mpo
